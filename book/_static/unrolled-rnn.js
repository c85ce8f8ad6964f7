// <unrolled-rnn>: step through a small recurrent network, and see every use of one weight.
// The weights are those of rnncourse.figures.rnn.pencil_network; a browser test holds both, and every state, equal.
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
  const USES = {
    W_xh: "takes each word into the state",
    W_hh: "takes each state into the next",
    W_hy: "takes each state to the scores of the next word",
  };
  const T = MODEL.sentence.length;
  const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));

  // (R1), (R2), (R3) and the softmax, for the whole sentence; the first entry is the initial state
  const run = ({ words, sentence, E, W_xh, W_hh, b_h, W_hy, b_y }) => {
    const states = [{ h: b_h.map(() => 0) }];
    for (const word of sentence) {
      const fromWord = times(W_xh, E[words.indexOf(word.toLowerCase())]);
      const fromState = times(W_hh, states.at(-1).h);
      const h = b_h.map((b, j) => Math.tanh(fromWord[j] + fromState[j] + b));
      const y = times(W_hy, h).map((score, k) => score + b_y[k]);
      const e = y.map((score) => Math.exp(score - Math.max(...y)));
      const p = e.map((v) => v / e.reduce((a, b) => a + b));
      const best = p.indexOf(Math.max(...p));
      states.push({ word, h, next: words[best], odds: p[best] });
    }
    return states;
  };
  const STATES = run(MODEL);
  const number = (n, digits) => n.toFixed(digits).replace("-", "−");
  const vector = (v, digits) => `(${v.map((n) => number(n, digits)).join(", ")})`;

  const STYLE = `:host { display: block; color: var(--pst-color-text-base, CanvasText); font: .93em var(--pst-font-family-heading, system-ui);
    --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); }
  svg { display: block; width: 100%; max-width: 32rem; margin: auto; font: 12px system-ui, sans-serif; }
  text { fill: currentColor; text-anchor: middle; }
  rect { fill: none; stroke: currentColor; }
  .ahead rect { stroke-dasharray: 3 3; }
  .now rect { stroke-width: 3; }
  path { stroke: var(--line); fill: var(--line); }
  .reach { stroke: transparent; stroke-width: 14; }
  .use text { visibility: hidden; font: bold 10px system-ui; fill: var(--hot); }
  .hot text { visibility: visible; }
  .hot .line { stroke: var(--hot); stroke-width: 4; }
  .hot .head { stroke: var(--hot); fill: var(--hot); }
  div { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: center; align-items: center; }
  button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .3rem;
    padding: .3rem .7rem; cursor: pointer; }
  button:focus-visible { outline: 3px solid var(--hot); outline-offset: 2px; }
  [aria-pressed=true] { border: 3px solid var(--hot); font-weight: bold; }
  [aria-disabled=true] { border-style: dashed; cursor: default; }
  p { margin: .5rem 0; text-align: center; min-height: 3em; font-variant-numeric: tabular-nums; }`;

  // One use of a weight: a line, its head, a wide invisible line to point at, and a label that shows when it is hot
  const arrow = (weight, x1, y1, x2, y2, labelX, labelY) => {
    const across = y1 === y2;
    const line = across ? `M${x1} ${y1}H${x2 - 5}` : `M${x1} ${y1}V${y2 + 5}`;
    return `<g class="use" data-weight="${weight}"><path class="line" d="${line}"/>
      <path class="head" d="M${x2} ${y2}l${across ? "-6 -4v8z" : "-4 6h8z"}"/><path class="reach" d="${line}"/>
      <text x="${labelX}" y="${labelY}">${weight}</text></g>`;
  };
  const X = (t) => 27 + 61 * t;
  const label = (x, y, text = "") => `<text x="${x}" y="${y}">${text}</text>`;
  const DRAWING = STATES.map(({ word }, t) => `<g data-step="${t}">
    <rect x="${X(t) - 20}" y="76" width="40" height="44" rx="6"/>${label(X(t), 94)}${label(X(t), 112)}
    ${t ? label(X(t), 22) + label(X(t), 38) + label(X(t), 176, word) : label(X(t), 134, "start")}</g>` + (t
    ? arrow("W_hh", X(t - 1) + 21, 98, X(t) - 21, 98, X(t) - 30, 71) + arrow("W_xh", X(t), 162, X(t), 121, X(t) + 18, 148)
      + arrow("W_hy", X(t), 75, X(t), 43, X(t) + 18, 64) : "")).join("");

  customElements.define("unrolled-rnn", class extends HTMLElement {
    static model = MODEL;

    connectedCallback() {
      if (this.shadowRoot) return;
      this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${STYLE}</style><svg viewBox="0 0 368 184" role="img"
        aria-label="A network unrolled over five words; the text below says what each step computes.">${DRAWING}</svg>
        <div role="group" aria-label="Steps"><button data-do="back">◂ Back</button><button data-do="forward">Forward ▸</button>
        <button data-do="play">${this.calm ? "Show all" : "Play"}</button></div>
        <p aria-live="polite"></p><div role="group" aria-label="Show every use of one weight">Show every use of
        ${Object.keys(USES).map((w) => `<button data-weight="${w}" aria-pressed="false">${w}</button>`).join("")}</div>
        <p aria-live="polite"></p>`;
      this.all = (selector) => [...root.querySelectorAll(selector)];
      root.addEventListener("click", ({ target }) => {
        const { do: action, weight } = target.closest("[data-do], [data-weight]")?.dataset ?? {};
        if (weight) this.pin(weight);
        else if (action === "play") this.play();
        else if (action) this.go(this.step + (action === "back" ? -1 : 1));
      });
      root.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: this.step - 1, ArrowRight: this.step + 1, Home: 0, End: T }[event.key];
        if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        this.go(step);
      });
      // the pointer or the focus shows a weight while it rests there; a click keeps it
      const rest = ({ target }) => this.show(target.closest("[data-weight]")?.dataset.weight ?? this.pinned);
      for (const event of ["pointerover", "focusin"]) root.addEventListener(event, rest);
      for (const event of ["pointerout", "focusout"]) root.addEventListener(event, () => this.show(this.pinned));
      this.go(0);
      this.show();
    }

    disconnectedCallback() { clearInterval(this.timer); }

    go(step) { // stop playing and show this step
      this.timer = clearInterval(this.timer);
      this.at(step);
    }

    play() {
      if (this.calm) return this.go(T);
      if (this.timer) return this.go(this.step);
      this.timer = setInterval(() => (this.step < T - 1 ? this.at(this.step + 1) : this.go(T)), 1200);
      this.at(this.step === T ? 0 : this.step + 1);
    }

    at(step) {
      this.step = Math.min(T, Math.max(0, step));
      this.all("[data-step]").forEach((node, t) => {
        const { h, next, odds } = STATES[t];
        const texts = t > this.step ? ["?", "?", "", ""] : [number(h[0], 2), number(h[1], 2), next, odds?.toFixed(2)];
        node.setAttribute("class", t > this.step ? "ahead" : t === this.step ? "now" : "");
        node.querySelectorAll("text").forEach((text, i) => { if (i < (t ? 4 : 2)) text.textContent = texts[i]; });
      });
      const { word, h, next, odds } = STATES[this.step];
      const [status] = this.all("p");
      status.textContent = `step ${this.step} of ${T}: h = ${vector(h, 6)}; ` +
        (word ? `read “${word}”; most likely next word: ${next} (${odds.toFixed(6)})` : "nothing read yet");
      const [back, forward, play] = this.all("[data-do]");
      back.setAttribute("aria-disabled", this.step === 0);
      forward.setAttribute("aria-disabled", this.step === T);
      if (!this.calm) play.textContent = this.timer ? "Pause" : "Play";
    }

    pin(weight) {
      this.pinned = this.pinned === weight ? undefined : weight;
      for (const button of this.all("button[data-weight]"))
        button.setAttribute("aria-pressed", button.dataset.weight === this.pinned);
      this.show(this.pinned);
    }

    show(weight) {
      for (const use of this.all(".use")) use.classList.toggle("hot", use.dataset.weight === weight);
      const text = weight ? `${weight} ${USES[weight]}: ${T} uses of one matrix, with rows ` +
        MODEL[weight].map((row) => vector(row, 1)).join(", ") : "Point at an arrow, or choose a weight.";
      const [, uses] = this.all("p");
      if (uses.textContent !== text) uses.textContent = text;
    }
  });
})();
