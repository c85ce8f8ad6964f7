// <recall-window>: slide a window over a sentence, widen it, move the clue away; watch what the window costs.

(() => {
// (F5) and (F6), the same counts as rnncourse.reference.feedforward: a browser test holds them equal
const windowMlpParameters = (width, I, H, O) => H * width * I + H + O * H + O;
const rnnParameters = (D, H, O) => H * D + H * H + H + O * H + O;

const SIZE = { D: 64, H: 128, O: 1000 };
const ASIDES = ['', 'then', 'at last', 'from next door', 'who had been out', 'who had been out late',
  'who had been out all night', 'who had been out in the rain', 'who had been out all night once more'];

const slider = (name, text, min, max, value) => `<label>${text} <output id="${name}-now"></output>
  <input type="range" id="${name}" min="${min}" max="${max}" value="${value}"></label>`;

class RecallWindow extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: 'open' }); // without a slot: the static fallback gives way
    root.innerHTML = `<style>
      :host { display: block; box-sizing: border-box; padding: .8em 1em; border: 1px solid var(--pst-color-border, currentColor);
        border-radius: .5em; font-family: var(--pst-font-family-heading, sans-serif); font-size: .95em; font-variant-numeric: tabular-nums; }
      label { display: block; margin-top: .6em; }
      input { display: block; width: 100%; height: 1.75em; margin: 0; accent-color: var(--pst-color-primary, currentColor); }
      ol { list-style: none; display: flex; flex-wrap: wrap; gap: .35em; padding: 0; margin: .5em 0; }
      li { padding: .2em .5em; border: 2px dotted transparent; border-radius: .3em; }
      .in { border: 2px solid currentColor; font-weight: bold; }
      .clue { text-decoration: underline double; text-underline-offset: .2em; }
      .gap { border: 2px dashed currentColor; }
      p { margin: .6em 0; min-height: 3em; }
      .bar { height: .8em; margin: .2em 0 .5em; background: var(--pst-color-primary, currentColor); }
      .rnn { background: repeating-linear-gradient(45deg, currentColor 0 3px, transparent 3px 7px); outline: 1px solid; }
      @media (prefers-reduced-motion: no-preference) { .bar { transition: width .2s; } }
    </style>
    <ol></ol>
    ${slider('width', 'Words in the window:', 1, 12, 2)}
    ${slider('aside', 'Words between the cat and “sat”:', 0, ASIDES.length - 1, 0)}
    ${slider('place', 'Slide the window, to guess word number:', 2, 6, 6)}
    <p role="status"></p>
    <div>Network on the window: <output id="mlp-count"></output> parameters</div><div class="bar" id="mlp-bar"></div>
    <div>Recurrent network: <output id="rnn-count"></output> parameters</div><div class="bar rnn" id="rnn-bar"></div>`;
    root.addEventListener('input', (event) => this.draw(event.target.id));
    this.draw('aside');
  }

  draw(changed) {
    const at = (id) => this.shadowRoot.getElementById(id);
    const words = `the cat ${ASIDES[at('aside').value]} sat on the …`.split(/\s+/);
    const place = at('place');
    place.max = words.length;
    if (changed === 'aside') place.value = words.length; // a new sentence: back to its gap
    const width = Number(at('width').value);
    const guess = Number(place.value) - 1; // index of the word to guess
    const first = Math.max(0, guess - width);
    this.shadowRoot.querySelector('ol').innerHTML = words.map((word, k) => {
      const kind = [k >= first && k < guess && 'in', word === 'cat' && 'clue', k === guess && 'gap'];
      return `<li class="${kind.filter(Boolean).join(' ')}">${word}</li>`;
    }).join('');

    const seen = `The window holds “${words.slice(first, guess).join(' ')}”. `;
    const distance = words.length - 2; // “cat” is the second word
    this.shadowRoot.querySelector('[role=status]').textContent = seen + (guess < words.length - 1
      ? `To guess: “${words[guess]}”.`
      : `The clue “cat” has distance ${distance}: ${distance <= width
        ? 'it is inside. The network can learn to answer “mat”.'
        : 'it is outside. No weights can tell a cat from a dog here.'}`);

    const counts = { mlp: windowMlpParameters(width, SIZE.D, SIZE.H, SIZE.O), rnn: rnnParameters(SIZE.D, SIZE.H, SIZE.O) };
    const most = windowMlpParameters(at('width').max, SIZE.D, SIZE.H, SIZE.O);
    for (const [name, count] of Object.entries(counts)) {
      at(`${name}-count`).textContent = count.toLocaleString('en');
      at(`${name}-bar`).style.width = `${100 * count / most}%`;
    }
    for (const id of ['width', 'aside']) at(`${id}-now`).textContent = at(id).value;
    at('place-now').textContent = `${guess + 1} of ${words.length}`;
  }
}
customElements.define('recall-window', RecallWindow);
})();
