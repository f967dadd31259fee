// <parcela-promo amount="60000" currency="EUR" locale="de">…</parcela-promo>
(() => {
  "use strict";
  const script = document.currentScript || document.querySelector('script[src*="/promo.js"]');
  if (!script || customElements.get("parcela-promo")) return;
  const source = new URL(script.src);
  const NAMES = ["key", "merchant", "amount", "currency", "locale", "sku", "items"];
  const asked = new Map();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{display:block;position:relative}
:host([hidden]),[hidden]{display:none}
.off{visibility:hidden}
.over{inset:0;position:absolute}
p,h2,h3,dl,dd,ul{margin:0;padding:0}
small{display:block;font-size:.8125em}
button,a{background:none;border:0;color:inherit;font:inherit;min-height:24px;padding:0;text-decoration:underline}
:focus-visible{outline:3px solid}
dialog,li{border:1px solid;border-radius:.5em}
dialog{margin-top:4vh;max-height:90vh;width:40em}
header,dl>div{display:flex;flex-wrap:wrap;gap:0 1em;justify-content:space-between}
header button{min-height:44px}
li{display:block;margin-top:1em;padding:.75em}
dd{font-weight:600}
summary{padding:.6em 0}
table{text-align:start;width:100%}`);

  const make = (tag, inside, set) => {
    const node = Object.assign(document.createElement(tag), set);
    node.append(...[inside].flat().filter(Boolean));
    return node;
  };
  const makeAll = (tag, texts, set) => texts.map((text) => make(tag, text, set));

  // One request for all tags that ask the same; it is given up when none of them waits any more.
  const ask = (address) => {
    const held = asked.get(address);
    if (held && Date.now() - held.at < 6e4) return held;
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), 5e3);
    const call = { at: Date.now(), waiting: 0 };
    call.stop = () => {
      control.abort();
      asked.delete(address);
    };
    asked.delete(address);
    asked.set(address, call);
    if (asked.size > 40) asked.delete(asked.keys().next().value);
    call.answer = fetch(address, { credentials: "omit", signal: control.signal })
      .then((answer) => answer.ok && answer.json())
      .catch(() => {})
      .then((data) => {
        clearTimeout(timer);
        call.isDone = true;
        if (!data && asked.get(address) === call) asked.delete(address);
        return data;
      });
    return call;
  };

  const drawPlan = ({ title, lender, facts, schedule, notes, terms }) =>
    make("li", [
      make("h3", title),
      ...makeAll("p", [lender]),
      make("dl", facts.map((fact) => make("div", [make("dt", fact.label), make("dd", fact.text)]))),
      make("details", [
        make("summary", schedule.title),
        make("table", [
          make("tr", makeAll("th", schedule.head, { scope: "col" })),
          ...[...schedule.rows, ["", ...schedule.total]].map((row) => make("tr", makeAll("td", row))),
        ]),
      ]),
      ...makeAll("small", notes),
      terms.url && make("a", terms.text, { href: terms.url, rel: "noopener", target: "_blank" }),
    ]);

  class Promo extends HTMLElement {
    static observedAttributes = NAMES;
    #slot = make("slot", []);
    #line = make("div", [], { hidden: true });
    #sizes = new ResizeObserver(() => this.clientWidth !== this.#width && this.#show());
    #width;
    #timer;
    #address;
    #call;
    #data;
    #shown;
    #dialog;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      root.append(this.#slot, this.#line);
    }

    connectedCallback() {
      this.#sizes.observe(this);
      clearTimeout(this.#timer);
      this.#load();
    }

    disconnectedCallback() {
      clearTimeout(this.#timer);
      this.#sizes.disconnect();
      this.#leave();
      this.#dialog?.close();
    }

    attributeChangedCallback() {
      clearTimeout(this.#timer);
      if (this.isConnected) this.#timer = setTimeout(() => this.#load(), 120);
    }

    #find(path) {
      const address = new URL(path, source);
      const given = address.searchParams;
      const isOwn = this.hasAttribute("key") || this.hasAttribute("merchant");
      NAMES.forEach((name, place) => {
        const value = this.getAttribute(name) || (place < 2 && !isOwn && source.searchParams.get(name));
        if (value) given.set(name, value);
      });
      const isWhole = given.has("currency") && (given.has("amount") || given.has("merchant"));
      return isWhole && !/^[sr]k_/.test(given.get("key")) && address.href;
    }

    #leave() {
      const call = this.#call;
      this.#call = null;
      if (call && !--call.waiting && !call.isDone) call.stop();
    }

    async #load() {
      const address = this.#find("promo/data");
      if (this.#call && address === this.#address) return;
      this.#leave();
      this.#address = address;
      if (!address) return;
      const call = (this.#call = ask(address));
      call.waiting++;
      const data = await call.answer;
      if (this.#call !== call) return;
      this.#leave();
      if (data) [this.#data, this.#shown] = [data, address];
      this.#show();
    }

    // The box is the fallback's, or what the page reserves; the fullest statement that fits is shown. Where an
    // answer did not come, the last one stays, but not the figures of another amount.
    #show() {
      this.#width = this.clientWidth;
      const data = this.#data;
      if (!data) return;
      const line = this.#line;
      const { statements } = data;
      const isFocused = line.contains(this.shadowRoot.activeElement);
      const isFilled = this.#slot.assignedNodes().some((node) => node.textContent.trim());
      line.hidden = false;
      line.className = isFilled ? "over" : "";
      this.#name(line);
      line.replaceChildren();
      const told = this.#shown === this.#address ? statements : statements.slice(-1);
      const isFit = !told[0] || told.some(({ text, notes }) => {
        const button = make("button", data.button, { onclick: () => this.#open(), ariaHasPopup: "dialog" });
        line.replaceChildren(make("p", [text, " ", button]), ...makeAll("small", notes));
        return !isFilled || line.scrollHeight <= this.clientHeight + 1;
      });
      line.hidden = !isFit;
      if (isFocused) line.querySelector("button")?.focus({ preventScroll: true });
      this.#slot.className = isFit ? "off" : "";
    }

    #name(node) {
      node.lang = this.#data.language;
      node.dir = this.#data.direction;
    }

    async #open() {
      const data = this.#data;
      const list = make("div", "…");
      const close = make("button", data.close, { onclick: () => dialog.close() });
      const dialog = make("dialog", [make("header", [make("h2", data.title), close]), list], {
        ariaLabel: data.title,
        onclose: () => {
          dialog.remove();
          this.#line.querySelector("button")?.focus();
        },
      });
      this.#dialog = dialog;
      this.#name(dialog);
      this.shadowRoot.append(dialog);
      dialog.showModal();
      const plans = await ask(this.#find("promo/plans")).answer;
      list.replaceChildren(
        ...(plans
          ? [...makeAll("p", [plans.intro, ...plans.reasons.map((one) => one.message)]), make("ul", plans.plans.map(drawPlan))]
          : makeAll("p", [data.unavailable])),
      );
    }
  }

  customElements.define("parcela-promo", Promo);
})();
