// Paper is white, and nothing can be unfolded on it: while the page is printed it wears its light colours, and
// every fold is open.
(() => {
  const page = document.documentElement;
  let restore = [];
  addEventListener("beforeprint", () => {
    const theme = page.dataset.theme;
    page.dataset.theme = "light";
    restore = [() => { page.dataset.theme = theme; }];
    for (const fold of document.querySelectorAll("article details")) {
      const { open, hidden } = fold;
      Object.assign(fold, { open: true, hidden: false });
      restore.push(() => Object.assign(fold, { open, hidden }));
    }
  });
  addEventListener("afterprint", () => { for (const step of restore.splice(0)) step(); });
})();
