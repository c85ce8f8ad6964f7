// <gradient-decay>: move the spectral radius, and see how a gradient shrinks or grows with every step back.
// The network is that of rnncourse.figures.gradients; a browser test holds every norm equal to the reference.
(() => {
  "use strict";
  const PAIRS = 4, LAGS = 60, COUPLING = 0.8, H = 2 * PAIRS;
  const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));
  const zeros = () => range(H, () => new Float64Array(H));
  const times = (A, B) => range(H, (i) => Float64Array.from({ length: H }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < H; k++) sum += A[i][k] * B[k][j];
    return sum;
  }));

  // pairs of units, each turned by an angle of its own; coupled pairs make the matrix non-normal
  const matrix = (radius, normal) => {
    const W = zeros();
    for (let k = 0; k < PAIRS; k++) {
      const i = 2 * k, c = radius * Math.cos(0.4 + 0.7 * k), s = radius * Math.sin(0.4 + 0.7 * k);
      [W[i][i], W[i][i + 1], W[i + 1][i], W[i + 1][i + 1]] = [c, -s, s, c];
      if (k && !normal) W[i - 2][i] = W[i - 1][i + 1] = COUPLING;
    }
    return W;
  };

  // largest singular value: turn pairs of columns until all are orthogonal (one-sided Jacobi), take the longest
  const spectralNorm = (A) => {
    const columns = range(H, (j) => Float64Array.from(A, (row) => row[j]));
    const dot = (u, v) => u.reduce((sum, value, i) => sum + value * v[i], 0);
    for (let sweep = 0, turned = true; turned && sweep < 30; sweep++) {
      turned = false;
      for (let p = 0; p < H; p++) for (let q = p + 1; q < H; q++) {
        const [u, v] = [columns[p], columns[q]];
        const a = dot(u, u), b = dot(v, v), d = dot(u, v);
        if (Math.abs(d) <= 1e-15 * Math.sqrt(a * b)) continue;
        turned = true;
        const z = (b - a) / (2 * d);
        const t = (z >= 0 ? 1 : -1) / (Math.abs(z) + Math.sqrt(1 + z * z));
        const c = 1 / Math.sqrt(1 + t * t), s = c * t;
        for (let i = 0; i < H; i++) [u[i], v[i]] = [c * u[i] - s * v[i], s * u[i] + c * v[i]];
      }
    }
    return Math.sqrt(Math.max(...columns.map((u) => dot(u, u))));
  };

  // the slopes of every step: (R1), (R2), then 1 - h^2 for tanh, 1 or 0 for ReLU
  const slopes = (W, kind) => {
    if (kind === "linear") return range(LAGS + 1, () => range(H, () => 1));
    let h = new Float64Array(H);
    return range(LAGS + 1, (t) => {
      const a = range(H, (i) => 0.5 * Math.sin(1.3 * (t + 1) + 2.1 * i) + W[i].reduce((sum, w, j) => sum + w * h[j], 0));
      h = Float64Array.from(a, kind === "tanh" ? Math.tanh : (v) => Math.max(0, v));
      return Array.from(h, kind === "tanh" ? (v) => 1 - v * v : (v) => (v > 0 ? 1 : 0));
    });
  };

  const norms = (radius, kind, normal) => {
    const W = matrix(radius, normal), slope = slopes(W, kind);
    let product = range(H, (i) => Float64Array.from({ length: H }, (_, j) => (i === j ? 1 : 0)));
    return range(LAGS + 1, (lag) => { // the newest Jacobian stands on the left, each step back adds one on the right
      const norm = spectralNorm(product), s = slope[LAGS - lag];
      product = times(product, W.map((row, i) => row.map((w) => s[i] * w)));
      return norm;
    });
  };

  const TOP = 12, BOTTOM = -12, LEFT = 44, RIGHT = 392, HIGH = 12, LOW = 212; // powers of ten; pixels of the drawing
  const X = (lag) => LEFT + (RIGHT - LEFT) * lag / LAGS;
  const Y = (norm) => HIGH + (LOW - HIGH) * (TOP - Math.max(BOTTOM, Math.min(TOP, Math.log10(norm)))) / (TOP - BOTTOM);
  const path = (values) => values.map((v, lag) => `${lag ? "L" : "M"}${X(lag).toFixed(1)} ${Y(v).toFixed(1)}`).join("");
  const superscript = (n) => String(n).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  const show = (v) => {
    if (v === 0) return "exactly 0";
    if (v >= 0.01 && v < 1000) return v.toPrecision(3);
    const [digits, power] = v.toExponential(2).split("e");
    return `${digits}·10${superscript(Number(power))}`;
  };

  const grid = range(7, (k) => 12 - 4 * k).map((p) => `<path class="grid" d="M${LEFT} ${Y(10 ** p)}H${RIGHT}"/>
    <text class="end" x="${LEFT - 5}" y="${Y(10 ** p) + 4}">10${superscript(p)}</text>`).join("") +
    range(7, (k) => 10 * k).map((lag) => `<text x="${X(lag)}" y="${LOW + 16}">${lag}</text>`).join("");
  const choice = (name, legend, options) => `<fieldset><legend>${legend}</legend>${options.map(([value, label], i) =>
    `<label><input type="radio" name="${name}" value="${value}"${i ? "" : " checked"}> ${label}</label>`).join("")}</fieldset>`;

  const STYLE = `:host { display: block; color: var(--pst-color-text-base, CanvasText); font: .93em var(--pst-font-family-heading, system-ui);
    --line: var(--pst-color-text-muted, GrayText); --hot: var(--pst-color-primary, LinkText); }
  svg { display: block; width: 100%; max-width: 36rem; margin: auto; font: 11px system-ui, sans-serif; }
  text { fill: currentColor; text-anchor: middle; }
  .end { text-anchor: end; }
  path { fill: none; }
  .grid { stroke: var(--line); stroke-width: .5; opacity: .6; }
  .one { stroke: currentColor; stroke-width: 1; }
  .power { stroke: var(--line); stroke-width: 1.5; stroke-dasharray: 2 4; }
  .norm { stroke: var(--hot); stroke-width: 2.5; }
  label { display: inline-block; margin-right: .9em; min-height: 1.75em; }
  label.wide { display: block; margin-top: .5em; }
  [type=range] { display: block; width: 100%; height: 1.75em; margin: 0; accent-color: var(--hot); }
  [type=radio] { accent-color: var(--hot); width: 1.1em; height: 1.1em; vertical-align: -.1em; }
  fieldset { border: 1px solid var(--line); border-radius: .3rem; margin: .4rem 0; padding: .2rem .7rem; }
  output { font-variant-numeric: tabular-nums; font-weight: bold; }
  p { margin: .5rem 0; min-height: 6em; font-variant-numeric: tabular-nums; }`;

  customElements.define("gradient-decay", class extends HTMLElement {
    static norms = norms;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${STYLE}</style><svg viewBox="0 0 400 246" role="img"
        aria-label="Largest stretching of a gradient against the number of steps back; the text below gives the numbers.">
        ${grid}<path class="one" d="M${LEFT} ${Y(1)}H${RIGHT}"/><path class="power"/><path class="norm"/>
        <text x="${(LEFT + RIGHT) / 2}" y="${LOW + 32}">steps back</text></svg>
        <label class="wide">Spectral radius of W_hh: <output></output>
        <input type="range" id="radius" min="0.5" max="1.5" step="0.01" value="0.9"></label>
        ${choice("bend", "Nonlinearity", [["tanh", "tanh"], ["linear", "linear"], ["relu", "ReLU"]])}
        ${choice("matrix", "Matrix", [["normal", "normal"], ["coupled", "non-normal"]])}
        <p role="status"></p>`;
      root.addEventListener("input", () => this.draw());
      this.draw();
    }

    draw() {
      const root = this.shadowRoot, at = (selector) => root.querySelector(selector);
      const radius = Number(at("#radius").value);
      const kind = at("[name=bend]:checked").value, normal = at("[name=matrix]:checked").value === "normal";
      const values = norms(radius, kind, normal);
      at("output").textContent = radius.toFixed(2);
      at(".power").setAttribute("d", path(range(LAGS + 1, (lag) => radius ** lag)));
      at(".norm").setAttribute("d", path(values));
      const top = Math.max(...values), peak = values.indexOf(top);
      const hump = peak > 0 && peak < LAGS && top > 1 ? ` It is largest ${peak} steps back: ${show(top)}.` : "";
      at("[role=status]").textContent = `Norm of W_hh: ${show(spectralNorm(matrix(radius, normal)))}. ` +
        `A gradient is multiplied by at most ${show(values[10])} over 10 steps, ${show(values[LAGS])} over ${LAGS}.${hump} ` +
        `Dotted: the radius to the power of the steps, ${show(radius ** LAGS)} at ${LAGS}.`;
    }
  });
})();
