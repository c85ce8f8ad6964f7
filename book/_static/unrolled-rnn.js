// <unrolled-rnn>: step through a small recurrent network, and see every use of one weight.
// The weights are those of rnncourse.figures.rnn.pencil_network; a browser test holds both, and every state, equal.
const MODEL = {
  words: ["the", "cat", "sat", "on", "mat"],
  E: [[-0.2, 1.2], [0.5, -0.4], [1.1, -0.9], [-1.4, -0.3]],
  W_xh: [[1.7, 0], [-0.6, 1.6]],
  W_hh: [[-1.9, 0.5], [0.2, 0.2]],
  b_h: [0, -0.2],
  W_hy: [[-5.7, -0.3], [-1.8, 4.6], [4.2, -2.4], [-1.5, -4.8], [4.2, 2.9]],
  b_y: [-0.3, 0.1, 0.2, 0, 0],
};
const SENTENCE = ["The", "cat", "sat", "on", "the"];
const USES = {
  W_xh: "takes each word into the state",
  W_hh: "takes the state into the next state",
  W_hy: "takes each state to the scores of the next word",
};
const T = SENTENCE.length;
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));

// (R1) to (R3) for the whole sentence; states[0] is the initial state, states[t] the one after t words.
function run({ words, E, W_xh, W_hh, b_h, W_hy, b_y }) {
  const states = [{ h: b_h.map(() => 0) }];
  for (const word of SENTENCE) {
    const fromInput = times(W_xh, E[words.indexOf(word.toLowerCase())]);
    const fromState = times(W_hh, states.at(-1).h);
    const h = b_h.map((b, j) => Math.tanh(fromInput[j] + fromState[j] + b));
    const y = times(W_hy, h).map((score, k) => score + b_y[k]);
    const top = Math.max(...y);
    const e = y.map((score) => Math.exp(score - top));
    const p = e.map((v) => v / e.reduce((a, b) => a + b));
    states.push({ word, h, p, best: p.indexOf(Math.max(...p)) });
  }
  return states;
}
const STATES = run(MODEL);
const minus = (text) => text.replace("-", "−");
const vector = (v, digits) => `(${v.map((n) => minus(n.toFixed(digits))).join(", ")})`;

const STYLE = `
:host { display: block; max-width: 38rem; margin: 1rem auto; color: var(--pst-color-text-base, CanvasText);
  --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
text { fill: currentColor; text-anchor: middle; }
rect { fill: var(--pst-color-surface, Canvas); stroke: currentColor; stroke-width: 1.2; }
.ahead rect { stroke-dasharray: 3 3; }
.now rect { stroke-width: 3; }
.use path { stroke: var(--line); stroke-width: 1.2; fill: none; }
.use .reach { stroke: transparent; stroke-width: 14; pointer-events: stroke; }
.use .head { fill: var(--line); stroke: none; }
.use text { visibility: hidden; font-weight: 700; font-size: 10px; fill: var(--hot); }
.use.hot .line { stroke: var(--hot); stroke-width: 4; }
.use.hot .head { fill: var(--hot); }
.use.hot text { visibility: visible; }
.row { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: center; align-items: center; margin: .4rem 0; }
button { font: inherit; color: inherit; min-height: 2.2rem; padding: .2rem .7rem; cursor: pointer; border-radius: .3rem;
  background: var(--pst-color-surface, ButtonFace); border: 1px solid var(--line); }
button:focus-visible { outline: 3px solid var(--hot); outline-offset: 2px; }
button[aria-pressed=true] { border: 3px solid var(--hot); font-weight: 700; }
button[aria-disabled=true] { border-style: dashed; cursor: default; }
p { margin: .4rem 0; text-align: center; min-height: 3em; font-variant-numeric: tabular-nums; }`;

// One arrow that stands for a use of a weight: thin line, wide invisible line to point at, head, label.
const arrow = (weight, x1, y1, x2, y2, lx, ly) => {
  const across = y1 === y2;
  const head = across ? `M${x2} ${y2}l-6 -4v8z` : `M${x2} ${y2}l-4 6h8z`;
  const line = `M${x1} ${y1}L${across ? x2 - 5 : x2} ${across ? y2 : y2 + 5}`;
  return `<g class="use" data-weight="${weight}"><path class="line" d="${line}"/><path class="head" d="${head}"/>` +
    `<path class="reach" d="${line}"/><text x="${lx}" y="${ly}">${weight.replace("_", "")}</text></g>`;
};

class UnrolledRNN extends HTMLElement {
  static model = MODEL;
  static sentence = SENTENCE;

  connectedCallback() {
    if (this.shadowRoot) return;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const x = (t) => 27 + 61 * t;
    let drawing = "";
    for (let t = 1; t <= T; t++) {
      drawing += arrow("W_hh", x(t - 1) + 20, 98, x(t) - 20, 98, x(t) - 30, 90) +
        arrow("W_xh", x(t), 160, x(t), 120, x(t) + 17, 146) + arrow("W_hy", x(t), 76, x(t), 44, x(t) + 17, 64);
    }
    for (let t = 0; t <= T; t++) {
      drawing += `<g data-step="${t}"><rect x="${x(t) - 20}" y="76" width="40" height="44" rx="6"/>` +
        `<text x="${x(t)}" y="94"></text><text x="${x(t)}" y="112"></text>` +
        (t ? `<text x="${x(t)}" y="176">${SENTENCE[t - 1]}</text><text x="${x(t)}" y="22"></text>` +
          `<text x="${x(t)}" y="38"></text>` : `<text x="${x(t)}" y="70">start</text>`) + "</g>";
    }
    const button = (name, text) => `<button type="button" data-do="${name}">${text}</button>`;
    this.attachShadow({ mode: "open" }).innerHTML = `<style>${STYLE}</style>
<svg viewBox="0 0 360 182" role="img" aria-label="A recurrent network unrolled over five words.
 The text below says what the current step computes."><g>${drawing}</g></svg>
<div class="row" role="group" aria-label="Steps">${button("back", "◂ Back")}${button("forward", "Forward ▸")}
${button("play", this.calm ? "Show all" : "Play")}${button("reset", "Start again")}</div>
<p aria-live="polite"></p>
<div class="row" role="group" aria-label="Show every use of one weight">Show every use of:
${Object.keys(USES).map((w) => `<button type="button" data-weight="${w}" aria-pressed="false">${w}</button>`).join("")}</div>
<p aria-live="polite"></p>`;
    [this.status, this.uses] = this.shadowRoot.querySelectorAll("p");
    const root = this.shadowRoot;
    root.addEventListener("click", ({ target }) => {
      const { do: action, weight } = target.closest("[data-do],[data-weight]")?.dataset ?? {};
      if (weight) this.pin(weight);
      if (action === "play") return this.play();
      if (action) this.go({ back: this.step - 1, forward: this.step + 1, reset: 0 }[action]);
    });
    root.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: this.step - 1, ArrowRight: this.step + 1, Home: 0, End: T }[event.key];
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.go(step);
    });
    // a pointer or the focus shows a weight for as long as it rests there; a click keeps it
    for (const [on, off] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
      root.addEventListener(on, ({ target }) => this.show(target.closest("[data-weight]")?.dataset.weight ?? this.pinned));
      root.addEventListener(off, () => this.show(this.pinned));
    }
    this.go(0);
    this.show();
  }

  disconnectedCallback() { clearInterval(this.timer); }

  go(step) {
    clearInterval(this.timer);
    this.timer = undefined;
    this.at(step);
  }

  play() {
    if (this.calm) return this.go(T);
    if (this.timer) return this.go(this.step);
    this.at(this.step === T ? 0 : this.step + 1);
    this.timer = setInterval(() => (this.step < T ? this.at(this.step + 1) : this.go(T)), 1200);
    this.label();
  }

  label() {
    const find = (name) => this.shadowRoot.querySelector(`[data-do=${name}]`);
    if (!this.calm) find("play").textContent = this.timer ? "Pause" : "Play";
    find("back").setAttribute("aria-disabled", this.step === 0);
    find("forward").setAttribute("aria-disabled", this.step === T);
  }

  at(step) {
    this.step = Math.min(T, Math.max(0, step));
    this.shadowRoot.querySelectorAll("[data-step]").forEach((node, t) => {
      const { h, p, best } = STATES[t];
      const known = t <= this.step;
      node.setAttribute("class", known ? (t === this.step ? "now" : "") : "ahead");
      const [first, second, , word, odds] = node.querySelectorAll("text");
      first.textContent = known ? minus(h[0].toFixed(2)) : "?";
      second.textContent = known ? minus(h[1].toFixed(2)) : "?";
      if (t) [word.textContent, odds.textContent] = known ? [MODEL.words[best], p[best].toFixed(2)] : ["", ""];
    });
    const { word, h, p, best } = STATES[this.step];
    this.status.textContent = `step ${this.step} of ${T}: h = ${vector(h, 6)}; ` + (word
      ? `read “${word}”; most likely next word: ${MODEL.words[best]} (${p[best].toFixed(6)})` : "nothing read yet");
    this.label();
  }

  pin(weight) {
    this.pinned = this.pinned === weight ? undefined : weight;
    for (const button of this.shadowRoot.querySelectorAll("button[data-weight]"))
      button.setAttribute("aria-pressed", button.dataset.weight === this.pinned);
    this.show(this.pinned ?? weight);
  }

  show(weight) {
    for (const use of this.shadowRoot.querySelectorAll(".use")) use.classList.toggle("hot", use.dataset.weight === weight);
    const text = weight ? `${weight} ${USES[weight]}: ${T} uses, one matrix, ` +
      MODEL[weight].map((row) => vector(row, 1)).join(", ") : "No weight chosen.";
    if (this.uses.textContent !== text) this.uses.textContent = text;
  }
}
customElements.define("unrolled-rnn", UnrolledRNN);
