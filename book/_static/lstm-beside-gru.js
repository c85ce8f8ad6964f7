// <lstm-beside-gru>: one unit of each cell on the same 24 inputs; the reader sets inputs and gates.
// Weights and settings are those of rnncourse.figures.gru.two_cells; a browser test holds every number equal.
(() => {
  "use strict";
  // Inputs are pairs: a value, and a mark that is 1 where there is a value. "mark" is a weight of the sliders.
  const MODEL = {
    lstm: { W_xh: [[0, "mark"], [0, 0], [2, 0], [0, 0]], W_hh: [0, 0, 0, 0], b_h: ["b_i", "b_f", 0, "b_o"] },
    gru: { W_xh: [[0, 0], [0, "-mark"], [2, 0]], W_hh: [0, 0, 1], b_h: ["b_r", "b_z", 0], b_hn: 0 },
  };
  const T = 24;
  const places = (entries) => Array.from({ length: T }, (_, t) => entries[t + 1] ?? 0);
  const PRESETS = {
    "Fresh": { x: places({ 4: 1 }), set: { b_i: 0, b_f: 0, b_o: 0, b_r: 0, b_z: 0, mark: 0 } },
    "Hold a value": { x: places({ 4: 1 }), set: { b_i: -4, b_f: 6, b_o: 4, b_r: -4, b_z: 6, mark: 10 } },
    "Add two values": { x: places({ 4: 1, 12: 1 }), set: { b_i: -4, b_f: 6, b_o: 4, b_r: -4, b_z: 6, mark: 10 } },
    "Count up and down": { x: Array.from({ length: T }, (_, t) => (t < T / 2 ? 1 : -1)),
      set: { b_i: 8, b_f: 8, b_o: 4, b_r: -4, b_z: 2, mark: 0 } },
  };
  const SLIDERS = { mark: "A value moves i up and z down by", b_i: "b_i: write", b_f: "b_f: keep", b_o: "b_o: show",
    b_r: "b_r: see the past", b_z: "b_z: keep" };
  const sigmoid = (a) => 1 / (1 + Math.exp(-a));

  // What stands inside every gate for one unit: W_xh x_t + b_h from outside, and the state's weight apart
  const inside = (cell, set, value) => {
    const number = (v) => (typeof v === "number" ? v : v[0] === "-" ? -set[v.slice(1)] : set[v]);
    const mark = value === 0 ? 0 : 1;
    return cell.b_h.map((b, k) => number(cell.W_xh[k][0]) * value + number(cell.W_xh[k][1]) * mark + number(b));
  };
  const run = (model, x, set) => {
    let c = 0, h = 0, s = 0; // c and h of the LSTM, s of the GRU
    return x.map((value) => {
      const u = model.lstm.W_hh, w = model.gru.W_hh;
      const [ai, af, ag, ao] = inside(model.lstm, set, value).map((a, k) => a + u[k] * h);
      const i = sigmoid(ai), f = sigmoid(af), g = Math.tanh(ag), o = sigmoid(ao);
      c = f * c + i * g;
      h = o * Math.tanh(c);
      const [ar, az, an] = inside(model.gru, set, value);
      const r = sigmoid(ar + w[0] * s), z = sigmoid(az + w[1] * s); // (U1), (U2)
      const n = Math.tanh(an + r * (w[2] * s + model.gru.b_hn)); // (U3), (U4)
      s = (1 - z) * n + z * s; // (U5)
      return { lstm: { i, f, o, g, c, h }, gru: { r, z, n, h: s } };
    });
  };

  const W = 300, X = (t) => 12 + (t * (W - 40)) / (T - 1);
  const DRAWN = { lstm: { title: "LSTM", state: ["c", "h"], gates: ["i", "f", "o"] },
    gru: { title: "GRU", state: ["h"], gates: ["r", "z"] } };
  const STYLE = `:host { display: block; color: var(--pst-color-text-base, CanvasText); font: .9em var(--pst-font-family-heading, system-ui);
    --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); font-variant-numeric: tabular-nums; }
  .cells { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }
  .cells > div { flex: 1 1 17rem; min-width: 0; }
  .title { margin: .4rem 0 0; font-weight: bold; text-align: center; }
  svg { display: block; width: 100%; max-width: 26rem; margin: auto; font: 10px system-ui, sans-serif; }
  svg.input { max-width: 40rem; touch-action: none; cursor: ns-resize; }
  text { fill: currentColor; }
  polyline { fill: none; stroke: currentColor; stroke-width: 2; }
  .k0 { stroke: var(--hot); stroke-width: 2.5; } .k1 { stroke-dasharray: 6 3; } .k2 { stroke-dasharray: 2 2; }
  .axis, .now { stroke: var(--line); stroke-width: 1; fill: none; } .now { stroke-dasharray: 3 3; stroke-width: 1.5; }
  .bar { fill: var(--hot); } .bar.at { stroke: currentColor; stroke-width: 2; }
  label { display: flex; gap: .5em; align-items: center; justify-content: space-between; margin: .15rem 0; }
  label span { flex: 1 1 7rem; } label input { flex: 2 1 6rem; min-width: 0; max-width: 16rem; height: 1.75em; accent-color: var(--hot); }
  output { flex: 0 0 2.6em; text-align: right; }
  .presets { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: center; margin: .3rem 0; }
  button { font: inherit; color: inherit; background: none; border: 2px solid var(--line); border-radius: .3rem; padding: .3rem .7rem; cursor: pointer; }
  button:focus-visible, input:focus-visible { outline: 3px solid var(--hot); outline-offset: 2px; }
  [aria-pressed=true] { border-color: var(--hot); text-decoration: underline 2px; } /* no change of size: a drag must not shift the page */
  p { margin: .4rem 0; min-height: 5em; }
  p span { display: block; }`;
  const slider = (id, text, min, max, step) => `<label><span>${text}</span><input type="range" id="${id}" min="${min}" max="${max}"
    step="${step}"><output id="${id}-now"></output></label>`;
  const bias = (id) => slider(id, SLIDERS[id], -8, 8, 0.5);
  const chart = (cell) => `<div><div class="title">${DRAWN[cell].title}</div><svg viewBox="0 0 ${W} 176" role="img" id="${cell}"
    aria-label="${DRAWN[cell].title}: state ${DRAWN[cell].state.join(" and ")} above, gates ${DRAWN[cell].gates.join(", ")} below, over the steps; the text below has the numbers."></svg>
    ${DRAWN[cell].gates.map((gate) => bias(`b_${gate}`)).join("")}</div>`;
  const fixed = (n, digits) => n.toFixed(digits).replace("-", "−");

  customElements.define("lstm-beside-gru", class extends HTMLElement {
    static model = MODEL;
    static presets = PRESETS;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" }); // without a slot: the static fallback gives way
      root.innerHTML = `<style>${STYLE}</style>
        <div class="presets" role="group" aria-label="Settings to start from">${Object.keys(PRESETS).map((name) =>
          `<button data-preset="${name}" aria-pressed="false">${name}</button>`).join("")}</div>
        <svg class="input" viewBox="0 0 ${W} 56" role="img" aria-label="The inputs, a bar for each step. Choose a step and its input with the two sliders."></svg>
        ${slider("step", "Step", 1, T, 1)}${slider("value", "Input at this step", -1.5, 1.5, 0.1)}${slider("mark", SLIDERS.mark, 0, 12, 0.5)}
        <div class="cells">${chart("lstm")}${chart("gru")}</div><p aria-live="polite"></p>`;
      this.at = (id) => root.getElementById(id);
      root.addEventListener("click", ({ target }) => target.dataset.preset && this.preset(target.dataset.preset));
      root.addEventListener("input", ({ target: { id } }) => {
        if (id === "step") this.step = Number(this.at("step").value) - 1;
        else if (id === "value") this.x[this.step] = Number(this.at("value").value);
        else this.set[id] = Number(this.at(id).value);
        this.draw(id !== "step");
      });
      const input = root.querySelector(".input");
      const drag = (event) => {
        const box = input.getBoundingClientRect();
        const t = Math.round((((event.clientX - box.left) / box.width) * W - 12) * (T - 1) / (W - 40));
        this.step = Math.min(T - 1, Math.max(0, t));
        const value = 1.5 - (3 * (event.clientY - box.top - box.height * 4 / 56)) / (box.height * 48 / 56);
        this.x[this.step] = Math.round(10 * Math.min(1.5, Math.max(-1.5, value))) / 10 || 0;
        this.draw(true);
      };
      input.addEventListener("pointerdown", (event) => { input.setPointerCapture(event.pointerId); drag(event); });
      input.addEventListener("pointermove", (event) => event.buttons && drag(event));
      this.step = 11;
      this.preset("Hold a value");
    }

    preset(name) {
      this.x = [...PRESETS[name].x];
      this.set = { ...PRESETS[name].set };
      this.draw(false);
      for (const button of this.shadowRoot.querySelectorAll("button"))
        button.setAttribute("aria-pressed", button.dataset.preset === name);
    }

    draw(changed) {
      if (changed) for (const button of this.shadowRoot.querySelectorAll("button")) button.setAttribute("aria-pressed", false);
      const now = { step: this.step + 1, value: this.x[this.step], ...this.set };
      for (const [id, value] of Object.entries(now)) {
        this.at(id).value = value;
        this.at(`${id}-now`).textContent = id === "step" ? value : fixed(value, 1);
      }
      const steps = run(this.constructor.model, this.x, this.set);
      const bars = this.x.map((v, t) => `<rect class="bar${t === this.step ? " at" : ""}" x="${X(t) - 3.5}" width="7"
        y="${28 - 16 * Math.max(v, 0)}" height="${Math.max(16 * Math.abs(v), 0.5)}"/>`).join("");
      this.shadowRoot.querySelector(".input").innerHTML = `<path class="axis" d="M6 28H${W - 18}"/>${bars}<text x="${W - 14}" y="31">x</text>`;

      // both cells on one scale, so that what is higher is larger
      const top = Math.max(1, ...steps.flatMap(({ lstm, gru }) => [Math.abs(lstm.c), Math.abs(gru.h)]));
      for (const [cell, { state, gates }] of Object.entries(DRAWN)) {
        const line = (name, k, y) => {
          const last = steps.at(-1)[cell][name];
          return { k, name, end: y(last), points: steps.map((s, t) => `${X(t).toFixed(1)},${y(s[cell][name]).toFixed(1)}`).join(" ") };
        };
        const panels = [state.map((name, k) => line(name, k, (v) => 52 - (44 * v) / top)),
          gates.map((name, k) => line(name, k, (v) => 168 - 56 * v))];
        for (const lines of panels) { // labels at the lines' ends, kept apart
          const order = [...lines].sort((a, b) => a.end - b.end);
          order.forEach((l, j) => { l.label = Math.max(l.end, j ? order[j - 1].label + 10 : 0); });
          const over = Math.max(0, order.at(-1).label - (lines === panels[0] ? 98 : 172));
          order.forEach((l) => { l.label -= over; });
        }
        this.at(cell).innerHTML = `<path class="axis" d="M12 52H${W - 28}M12 8V96M12 112V168H${W - 28}"/>
          <text x="0" y="12">${top.toFixed(top < 10 ? 1 : 0)}</text><text x="3" y="55">0</text><text x="3" y="116">1</text><text x="3" y="171">0</text>
          <path class="now" d="M${X(this.step)} 4V172"/>${panels.flat().map(({ k, name, points, label }) =>
            `<polyline class="k${k}" data-line="${name}" points="${points}"/><text x="${W - 22}" y="${label + 3}">${name}</text>`).join("")}`;
      }
      const { lstm, gru } = steps[this.step];
      const tell = (numbers) => Object.entries(numbers).map(([name, v]) => `${name} ${fixed(v, 6)}`).join(", ");
      this.shadowRoot.querySelector("p").innerHTML = `<span>Step ${this.step + 1} of ${T}, input ${fixed(this.x[this.step], 1)}.</span>
        <span data-cell="lstm">LSTM: ${tell(lstm)}</span><span data-cell="gru">GRU: ${tell(gru)}</span>`;
    }
  });
})();
