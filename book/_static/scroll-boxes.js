// What is wider than the page scrolls in a box of its own. Where a box does scroll, the keyboard can reach it
// and a screen reader hears what it is; where it does not, it stays out of the way.
(() => {
  const KINDS = [
    [".formula", "Wide formula"],
    [".pst-scrollable-table-container, .cell_output .output", "Wide table or output"],
    ["pre", "Wide code"],
  ];
  const boxes = KINDS.flatMap(([selector, kind]) =>
    [...document.querySelectorAll(selector)].map((box, index) => [box, `${kind} ${index + 1}, scrolls sideways`]));

  const look = () => {
    // all reading before all writing: the page is laid out once
    const wide = boxes.map(([box]) => box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible");
    boxes.forEach(([box, label], index) => {
      if (wide[index]) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", label);
      } else if (box.getAttribute("role") === "region") {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    });
  };
  let waiting = 0;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(look, 150); };
  addEventListener("load", look);
  addEventListener("resize", later);
  document.addEventListener("toggle", later, true); // an opened fold shows boxes that had no width before
  document.addEventListener("change", later); // and so does a chosen tab
  document.fonts?.ready.then(later);
})();
