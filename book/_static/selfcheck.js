// Self-check questions: the reader answers, the page says whether it is right and why. The explanations stand
// in the page already; this script shows the one that belongs to the answer, in a region that is announced.
(() => {
  const explain = (form, right, lead, item) => {
    const verdict = form.querySelector(".verdict");
    const word = document.createElement("strong");
    word.textContent = `${right ? "Right." : "Not quite."} `;
    verdict.replaceChildren(word, lead);
    if (item) verdict.append(...[...item.querySelector(".why").childNodes].map((node) => node.cloneNode(true)));
    verdict.dataset.right = right;
    form.querySelector("details").hidden = false;
  };

  const answer = (form) => {
    const items = form.querySelectorAll("details li");
    if (form.dataset.kind === "choice") {
      const chosen = form.querySelector("input:checked");
      if (!chosen) return explain(form, false, "Choose an answer first.");
      const item = items[Number(chosen.value)];
      return explain(form, item.dataset.right === "true", "", item);
    }
    const field = form.querySelector("input");
    if (field.value === "" || !Number.isFinite(field.valueAsNumber)) return explain(form, false, "Type a number first.");
    const distance = Math.abs(field.valueAsNumber - Number(field.dataset.number));
    const right = distance <= Number(field.dataset.tolerance) + 1e-12;
    return explain(form, right, right ? "" : "Try again, or open the answer below.", right ? items[0] : null);
  };

  for (const form of document.querySelectorAll("form.selfcheck")) {
    form.querySelector("details").hidden = true; // until there is an answer
    form.addEventListener("submit", (event) => { event.preventDefault(); answer(form); });
  }
})();
