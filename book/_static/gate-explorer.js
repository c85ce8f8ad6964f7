// <gate-explorer>: set the gates of one LSTM unit, step by step, and watch its cell and the gradient that comes back.
// It computes (L1) to (L7) for one unit whose inputs are what stands inside the gates; a browser test holds every
// number equal to rnncourse.reference.lstm with the weights that rnncourse.figures.lstm.explorer_params returns.
(() => {
  "use strict";
  const T = 10;
  const every = (value) => Array(T).fill(value);
  const at = (values, step, value) => values.map((v, t) => (t === step - 1 ? value : v));
  const KEEP = { i: at(every(-6), 1, 4), f: at(every(6), 1, -2), g: [1.5, -1, 0.5, -1.5, 1, -0.5, -1, 1.5, -1, 0.5], o: every(3), w: 0 };
  const PRESETS = {
    "Write once, keep": KEEP,
    "Leak": { ...KEEP, f: at(every(1), 1, -2) },
    "Erase at step 6": { ...KEEP, f: at(KEEP.f, 6, -6) },
    "Add at step 6": { ...KEEP, i: at(KEEP.i, 6, 4) },
    "Hide until the end": { ...KEEP, o: at(every(-6), T, 3) },
    "Half open, no input": { i: every(0), f: every(0), g: every(0), o: every(0), w: 0 },
  };
  const sigma = (a) => 1 / (1 + Math.exp(-a));

  // forward (L1) to (L4), then back (L5) to (L7) from L = h_T
  const run = ({ i: ai, f: af, g: ag, o: ao, w }) => {
    const steps = [];
    let c = 0, h = 0;
    for (let t = 0; t < T; t += 1) {
      const [i, f, g, o] = [sigma(ai[t]), sigma(af[t]), Math.tanh(ag[t] + w * h), sigma(ao[t])];
      c = f * c + i * g;
      h = o * Math.tanh(c);
      steps.push({ i, f, g, o, c, h });
    }
    let dh = 1, dc = 0, direct;
    for (const step of [...steps].reverse()) {
      step.total = dc + dh * step.o * (1 - Math.tanh(step.c) ** 2);
      step.direct = direct ?? step.total; // at the last step they are one
      direct = step.direct * step.f;
      dc = step.total * step.f;
      dh = w * step.total * step.i * (1 - step.g ** 2);
    }
    return steps;
  };

  const ROWS = [["i", "write i"], ["f", "keep f"], ["o", "show o"], ["g", "candidate g"], ["c", "cell c"], ["h", "state h"],
    ["direct", "dL/dc direct"], ["total", "dL/dc total"]];
  const GATES = "ifo", LEFT = 80, WIDE = 32, HIGH = 42, BAR = 26, TOP = 18;
  const minus = (text) => text.replace("-", "−");
  const short = (v) => minus(Math.abs(v) < 9.995 ? v.toFixed(2) : Math.abs(v) < 999.5 ? v.toFixed(0) : v.toExponential(0));

  const STYLE = `:host { display: block; color: var(--pst-color-text-base, CanvasText); font: .93em var(--pst-font-family-heading, system-ui);
    --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); }
  svg { display: block; width: 100%; max-width: 36rem; margin: auto; font: 9.5px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
  text { fill: currentColor; text-anchor: middle; }
  .label { text-anchor: start; font-size: 12px; }
  .frame { fill: none; stroke: var(--line); stroke-width: .5; }
  .zero { stroke: var(--line); stroke-width: .5; }
  .bar { fill: var(--hot); }
  .state .bar, .gradient .bar { fill: currentColor; }
  .gate .frame { fill: transparent; cursor: ns-resize; touch-action: none; }
  .chosen { fill: none; stroke: var(--hot); stroke-width: 2; }
  div { display: flex; flex-wrap: wrap; gap: .4rem .9rem; justify-content: center; align-items: center; margin: .5rem 0; }
  label { flex: 1 1 13rem; max-width: 20rem; }
  label.tick { flex: 0 1 auto; }
  input[type=range] { display: block; width: 100%; height: 1.75em; margin: 0; accent-color: var(--hot); }
  input[type=checkbox] { width: 1.5em; height: 1.5em; vertical-align: middle; accent-color: var(--hot); }
  button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .3rem; padding: .3rem .7rem; cursor: pointer; }
  button:focus-visible, input:focus-visible { outline: 3px solid var(--hot); outline-offset: 2px; }
  [aria-pressed=true] { border: 3px solid var(--hot); font-weight: bold; }
  p { margin: .5rem 0; text-align: center; min-height: 4.5em; font-variant-numeric: tabular-nums; }`;

  const X = (t) => LEFT + WIDE * t;
  const Y = (row) => TOP + HIGH * row;
  const DRAWING = every(0).map((_, t) => `<text x="${X(t) + WIDE / 2}" y="12">${t + 1}</text>`).join("") +
    ROWS.map(([name, label], row) => `<g class="${GATES.includes(name) ? "gate" : row < 6 ? "state" : "gradient"}" data-row="${name}">
      <text class="label" x="0" y="${Y(row) + 17}">${label}</text>${GATES.includes(name) ? "" : `<path class="zero" d="M${LEFT} ${Y(row) + BAR / 2}h${WIDE * T}"/>`}${every(0).map((_, t) => `<rect class="bar" x="${X(t) + 3}" width="${WIDE - 6}"/>
      <rect class="frame" data-t="${t}" x="${X(t) + 1}" y="${Y(row)}" width="${WIDE - 2}" height="${BAR}"/>
      <text x="${X(t) + WIDE / 2}" y="${Y(row) + BAR + 11}"></text>`).join("")}</g>`).join("") +
    `<text class="label" x="0" y="12">step</text><rect class="chosen" y="1" width="${WIDE}" height="${Y(ROWS.length) - 3}"/>`;
  // a span, no output: a label names the first control in it, and an output would count as one
  const slider = (name, text, low, high, step) =>
    `<label>${text} <span data-of="${name}"></span><input type="range" name="${name}" min="${low}" max="${high}" step="${step}"></label>`;

  customElements.define("gate-explorer", class extends HTMLElement {
    static presets = PRESETS;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${STYLE}</style><div role="group" aria-label="Settings">${Object.keys(PRESETS).map((name) =>
        `<button aria-pressed="false">${name}</button>`).join("")}</div>
        <svg viewBox="0 0 ${LEFT + WIDE * T} ${Y(ROWS.length)}" role="img"
          aria-label="Bars for gates, cell, state and gradient at ten steps; the text below gives the numbers of the chosen step.">${DRAWING}</svg>
        <p role="status"></p><div>${slider("step", "Step:", 1, T, 1)}<label class="tick"><input type="checkbox" name="every">
        gates: change every step from 2 on</label></div><div>${slider("i", "Inside i (write):", -6, 6, 0.5)}${slider("f", "Inside f (keep):", -6, 6, 0.5)}
        ${slider("o", "Inside o (show):", -6, 6, 0.5)}${slider("g", "Inside g (candidate), from the input:", -3, 3, 0.5)}
        ${slider("w", "Weight from the old h into g, at every step:", -8, 8, 0.5)}</div>`;
      this.all = (selector) => [...root.querySelectorAll(selector)];
      this.field = Object.fromEntries(this.all("input").map((input) => [input.name, input]));
      root.addEventListener("click", ({ target }) => { if (target.matches("button")) this.take(target.textContent); });
      root.addEventListener("input", ({ target: { name, value } }) => {
        if (name === "w") this.now.w = Number(value);
        else if (name in this.now) this.set(name, Number(value));
        this.show();
      });
      const drag = (event) => {
        const { row } = this.dragged, box = this.rect.getBoundingClientRect();
        const open = Math.min(0.998, Math.max(0.002, (box.bottom - event.clientY) / box.height));
        this.set(row, Math.min(6, Math.max(-6, Math.round(2 * Math.log(open / (1 - open))) / 2)));
        this.show();
      };
      const svg = root.querySelector("svg");
      svg.addEventListener("pointerdown", (event) => {
        if (event.target.dataset.t === undefined) return;
        this.field.step.value = Number(event.target.dataset.t) + 1;
        const { row } = event.target.parentNode.dataset;
        if (GATES.includes(row)) {
          [this.dragged, this.rect] = [{ row }, event.target];
          svg.setPointerCapture(event.pointerId);
          drag(event);
        } else this.show();
      });
      svg.addEventListener("pointermove", (event) => { if (this.dragged) drag(event); });
      for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { this.dragged = undefined; });
      this.field.step.value = T;
      this.take(Object.keys(PRESETS)[0]);
    }

    take(preset) {
      this.now = { ...PRESETS[preset] };
      this.preset = preset;
      this.show();
    }

    set(row, value) { // what stands inside one gate, at the chosen step or, a candidate apart, at all but the first
      const here = Number(this.field.step.value) - 1;
      const all = this.field.every.checked && row !== "g";
      this.now[row] = this.now[row].map((v, t) => ((all ? t > 0 : t === here) ? value : v));
    }

    show() {
      const steps = run(this.now), here = Number(this.field.step.value) - 1;
      ROWS.forEach(([name], row) => {
        const signed = !GATES.includes(name);
        const most = Math.max(1, ...steps.map((step) => Math.abs(step[name])));
        const bars = this.all(`[data-row=${name}] .bar`), texts = this.all(`[data-row=${name}] text:not(.label)`);
        steps.forEach((step, t) => {
          const high = (Math.abs(step[name]) / most) * (signed ? BAR / 2 : BAR);
          const zero = Y(row) + (signed ? BAR / 2 : BAR);
          bars[t].setAttribute("height", high);
          bars[t].setAttribute("y", step[name] > 0 ? zero - high : zero);
          texts[t].textContent = short(step[name]);
        });
      });
      this.all(".chosen")[0].setAttribute("x", X(here));
      for (const name of ["i", "f", "g", "o"]) this.field[name].value = this.now[name][here];
      this.field.w.value = this.now.w;
      for (const span of this.all("[data-of]")) span.textContent = minus(this.field[span.dataset.of].value);
      const same = JSON.stringify(this.now) === JSON.stringify(PRESETS[this.preset]);
      for (const button of this.all("button")) button.setAttribute("aria-pressed", same && button.textContent === this.preset);
      const { i, f, g, o, c, h, direct, total } = Object.fromEntries(
        Object.entries(steps[here]).map(([name, value]) => [name, minus(Math.abs(value) < 1e4 ? value.toFixed(6) : value.toExponential(6))]));
      const text = `step ${here + 1} of ${T}: i = ${i}, f = ${f}, g = ${g}, o = ${o}; c = ${c}, h = ${h}; ` +
        `for a loss L = h at step ${T}, dL/dc is ${direct} along the belt and ${total} along all paths`;
      const [status] = this.all("p");
      if (status.textContent !== text) status.textContent = text;
    }
  });
})();
