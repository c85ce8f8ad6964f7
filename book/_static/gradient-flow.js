// <gradient-flow>: follow a gradient back through a small recurrent network, one step at a time, with numbers.
// The weights are those of rnncourse.figures.rnn.pencil_network; a browser test holds both, and every gradient, equal.
(() => {
  "use strict";
  const MODEL = {
    words: ["the", "cat", "sat", "on", "mat"],
    sentence: ["The", "cat", "sat", "on", "the"],
    E: [[-0.2, 1.2], [0.5, -0.4], [1.1, -0.9], [-1.4, -0.3]],
    W_xh: [[1.7, 0], [-0.6, 1.6]],
    W_hh: [[-1.9, 0.5], [0.2, 0.2]],
    b_h: [0, -0.2],
    W_hy: [[-5.7, -0.3], [-1.8, 4.6], [4.2, -2.4], [-1.5, -4.8], [4.2, 2.9]],
    b_y: [-0.3, 0.1, 0.2, 0, 0],
  };
  const T = MODEL.sentence.length;
  const LASTS = ["cat", "mat"], WINDOWS = [0, 3]; // 0: the whole sequence
  const plus = (u, v) => u.map((n, i) => n + v[i]);
  const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
  const back = (W, v) => W[0].map((_, j) => W.reduce((sum, row, i) => sum + row[j] * v[i], 0)); // the transpose
  const outer = (u, v) => u.map((a) => v.map((b) => a * b));

  // Forward, (R1) to (R4); then back, (B1) to (B8). Entry t belongs to the state after t steps.
  const run = ({ words, sentence, E, W_xh, W_hh, b_h, W_hy, b_y }, last, window) => {
    const h = [b_h.map(() => 0)], steps = [];
    const came = [...sentence.slice(1), last];
    for (const word of sentence)
      h.push(plus(plus(times(W_xh, E[words.indexOf(word.toLowerCase())]), times(W_hh, h.at(-1))), b_h).map(Math.tanh));
    let carried = b_h.map(() => 0), sum = outer(carried, carried);
    for (let t = T; t > 0; t -= 1) {
      const y = plus(times(W_hy, h[t]), b_y), e = y.map((score) => Math.exp(score - Math.max(...y)));
      const p = e.map((v) => v / e.reduce((a, b) => a + b));
      const direct = back(W_hy, p.map((v, k) => (v - (words[k] === came[t - 1])) / T));
      const total = plus(direct, carried), slope = h[t].map((v) => 1 - v * v);
      const da = total.map((v, i) => v * slope[i]), share = outer(da, h[t - 1]);
      sum = sum.map((row, i) => plus(row, share[i]));
      steps[t] = { t, direct, carried, total, slope, da, share, sum, word: came[t - 1], odds: p[words.indexOf(came[t - 1])] };
      const cut = window && t > 1 && (t - 1) % window === 0;
      carried = cut ? carried.map(() => 0) : back(W_hh, da);
      steps[t].sends = carried;
      steps[t].cut = Boolean(cut);
    }
    return steps;
  };
  const number = (n, digits) => (Math.abs(n) < 0.5 * 10 ** -digits ? 0 : n).toFixed(digits).replace("-", "−");
  const ROWS = [
    ["direct", "direct, from its own loss"], ["carried", "carried, from step after"], ["total", "total δ, their sum"],
    ["slope", "slope of tanh, 1 − h²"], ["da", "α = δ · slope"],
  ];
  const MATRICES = [["share", "its share of dW_hh"], ["sum", "dW_hh so far"]];

  const STYLE = `:host { display: block; color: var(--pst-color-text-base, CanvasText); font: .93em var(--pst-font-family-heading, system-ui);
    --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); }
  svg { display: block; width: 100%; max-width: 32rem; margin: auto; font: 11.5px system-ui, sans-serif; }
  text { fill: currentColor; text-anchor: middle; }
  .value { font-size: 10.5px; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
  rect { fill: none; stroke: currentColor; }
  .ahead rect { stroke-dasharray: 3 3; }
  .now rect { stroke-width: 3; stroke: var(--hot); }
  path { stroke: var(--line); fill: var(--line); }
  .on path { stroke: var(--hot); fill: var(--hot); }
  .on .line { stroke-width: 3; }
  .bar { stroke: currentColor; stroke-width: 4; visibility: hidden; }
  .cut .bar { visibility: visible; }
  div { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: center; align-items: center; margin: .4rem 0; }
  button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .3rem;
    padding: .3rem .7rem; cursor: pointer; }
  button:focus-visible { outline: 3px solid var(--hot); outline-offset: 2px; }
  [aria-pressed=true] { border: 3px solid var(--hot); font-weight: bold; }
  [aria-disabled=true] { border-style: dashed; cursor: default; }
  p { margin: .5rem 0; text-align: center; min-height: 4.5em; }
  table { border-collapse: collapse; margin: .3rem auto; font-variant-numeric: tabular-nums; }
  caption { padding: .2rem; }
  th { text-align: left; font-weight: normal; padding: .12rem .6rem .12rem 0; }
  td { text-align: right; padding: .12rem 0 .12rem .8rem; min-width: 3.6em; }
  thead th { text-align: right; padding: .12rem 0 .12rem .8rem; }
  .strong > * { font-weight: bold; border-bottom: 1px solid var(--line); }`;

  const X = (t) => 27 + 61 * t;
  const label = (x, y, text = "", kind = "word") => `<text class="${kind}" x="${x}" y="${y}">${text}</text>`;
  const arrow = (kind, d, x, y, head) => `<g data-${kind}><path class="line" d="${d}"/><path class="head" d="M${x} ${y}l${head}z"/>`;
  const DRAWING = Array.from({ length: T + 1 }, (_, t) => `<g data-step="${t}"><rect x="${X(t) - 21}" y="66" width="42" height="44" rx="6"/>
    ${label(X(t), 84, "", "value")}${label(X(t), 102, "", "value")}${label(X(t), 126, t ? `step ${t}` : "start")}
    ${t ? label(X(t), 144, MODEL.sentence[t - 1]) + label(X(t), 14) : ""}</g>` + (t
    ? arrow(`direct="${t}"`, `M${X(t)} 36V60`, X(t), 65, "-4 -6h8") + `</g>` +
      arrow(`sent="${t}"`, `M${X(t) - 22} 88H${X(t - 1) + 27}`, X(t - 1) + 22, 88, "6 -4v8") +
      `<path class="bar" d="M${X(t) - 30} 74v28"/></g>` : "")).join("");

  customElements.define("gradient-flow", class extends HTMLElement {
    static model = MODEL;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const choice = (name, values, text) => values.map((value) =>
        `<button data-${name}="${value}" aria-pressed="false">${text(value)}</button>`).join("");
      root.innerHTML = `<style>${STYLE}</style><svg viewBox="0 0 368 150" role="img"
        aria-label="The network unrolled over five words, with the total gradient in each box; the table below has the numbers.">${DRAWING}</svg>
        <div role="group" aria-label="Steps"><button data-do="on">◂ One step back</button><button data-do="undo">Undo ▸</button>
        <button data-do="all">All the way</button></div>
        <p aria-live="polite"></p>
        <table><caption>no step yet</caption><thead><tr><th></th><th scope="col">unit 1</th><th scope="col">unit 2</th></tr></thead><tbody>
        ${ROWS.map(([key, text]) => `<tr data-row="${key}"${key === "total" ? ' class="strong"' : ""}><th scope="row">${text}</th><td></td><td></td></tr>`).join("")}
        ${MATRICES.map(([key, text]) => [1, 2].map((i) =>
          `<tr data-row="${key}${i}"><th scope="row">${text}, row ${i}</th><td></td><td></td></tr>`).join("")).join("")}</tbody></table>
        <div role="group" aria-label="The word that came last">The last word was ${choice("last", LASTS, (word) => `“${word}”`)}</div>
        <div role="group" aria-label="Truncation">Go back through ${choice("window", WINDOWS, (k) => (k ? `windows of ${k} steps` : "everything"))}</div>`;
      this.all = (selector) => [...root.querySelectorAll(selector)];
      [this.done, this.last, this.window] = [0, LASTS[0], WINDOWS[0]];
      root.addEventListener("click", ({ target }) => {
        const { do: action, last, window } = target.closest("button")?.dataset ?? {};
        if (last) this.last = last;
        if (window) this.window = Number(window);
        this.go(action ? { on: this.done + 1, undo: this.done - 1, all: T }[action] : this.done);
      });
      root.addEventListener("keydown", (event) => {
        const done = { ArrowLeft: this.done + 1, ArrowRight: this.done - 1, Home: T, End: 0 }[event.key];
        if (done === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        this.go(done);
      });
      this.go(0);
    }

    go(done) { // show what has happened when so many steps have been gone back
      this.done = Math.min(T, Math.max(0, done));
      const steps = run(MODEL, this.last, this.window), now = T + 1 - this.done;
      this.all("[data-step]").forEach((node, t) => {
        const texts = [...node.querySelectorAll("text")];
        const known = t ? t >= now : this.done === T;
        const shown = t ? steps[t].total : steps[1].sends;
        texts.slice(0, 2).forEach((text, i) => { text.textContent = known ? number(shown[i], 3) : "?"; });
        if (t) texts[4].textContent = steps[t].word;
        node.setAttribute("class", t === now ? "now" : known ? "" : "ahead");
      });
      for (const kind of ["direct", "sent"])
        this.all(`[data-${kind}]`).forEach((node) => {
          const t = Number(node.dataset[kind]);
          node.setAttribute("class", `${t >= now && !(kind === "sent" && steps[t].cut) ? "on" : ""} ${kind === "sent" && steps[t].cut ? "cut" : ""}`);
        });
      this.all("[data-last], [data-window]").forEach((button) => button.setAttribute("aria-pressed",
        button.dataset.last === this.last || button.dataset.window === String(this.window)));
      const [on, undo, all] = this.all("[data-do]");
      undo.setAttribute("aria-disabled", this.done === 0);
      for (const button of [on, all]) button.setAttribute("aria-disabled", this.done === T);
      this.tell(steps[now]);
    }

    tell(step) {
      const cells = (key) => this.all(`[data-row=${key}] td`);
      for (const [key] of ROWS) cells(key).forEach((cell, i) => { cell.textContent = step ? number(step[key][i], 4) : "–"; });
      for (const [key] of MATRICES) [0, 1].forEach((i) => cells(`${key}${i + 1}`).forEach((cell, j) => {
        cell.textContent = step ? number(step[key][i][j], 4) : "–";
      }));
      this.all("caption")[0].textContent = step ? `at step ${step.t}` : "no step yet";
      const text = !step ? "Nothing has gone back yet. The words above are those that came; each brings a direct part."
        : `Step ${step.t}: “${step.word}” came, expected with ${number(step.odds, 3)}. ` +
          (step.cut ? "Here a window begins: nothing goes back from it."
            : `To ${step.t > 1 ? `step ${step.t - 1}` : "the start"} it sends (${step.sends.map((n) => number(n, 4)).join(", ")}).`);
      const [status] = this.all("p");
      if (status.textContent !== text) status.textContent = text;
    }
  });
})();
