// A list of offers under a text field, worked by mouse or by keyboard: arrows choose, Enter or Tab takes, Escape closes.

let numbers = 0;

export class Offers {
  /** `take(item)` is called with the item of the offer that was taken. */
  constructor(input, list, take) {
    this.input = input;
    this.list = list;
    this.take = take;
    this.items = [];
    this.at = -1;
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.pick([...list.children].indexOf(line));
    });
    input.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** `items` have a `label` and perhaps a `detail`; none of them closes the list, unless `nothing` says so in words. */
  show(items, { nothing = "" } = {}) {
    this.items = items;
    this.list.replaceChildren(...items.map((item) => line(item)));
    if (!items.length && nothing) this.list.append(remark(nothing));
    this.list.hidden = !this.list.children.length;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    this.mark(-1);
  }

  close() {
    this.show([]);
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((each, index) => each.setAttribute("aria-selected", String(index === at)));
    const marked = this.list.children[at];
    if (marked) this.input.setAttribute("aria-activedescendant", marked.id);
    else this.input.removeAttribute("aria-activedescendant");
    marked?.scrollIntoView({ block: "nearest" });
  }

  pick(at) {
    const item = this.items[at];
    if (!item) return;
    this.close();
    this.take(item);
  }

  /** Whether the key was for the list. */
  key(event) {
    if (!this.isOpen || !this.items.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.at + step + this.items.length) % this.items.length);
    else if (event.key === "Enter" && this.at >= 0) this.pick(this.at);
    else if (event.key === "Tab" && !event.shiftKey) this.pick(Math.max(this.at, 0));
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}

function line({ label, detail }) {
  const made = document.createElement("li");
  made.role = "option";
  made.id = `offer${++numbers}`;
  const name = document.createElement("b");
  name.textContent = label;
  const about = document.createElement("small");
  about.textContent = detail ?? "";
  made.append(name, about);
  return made;
}

function remark(words) {
  const made = document.createElement("li");
  made.role = "option";
  made.setAttribute("aria-disabled", "true");
  made.textContent = words;
  return made;
}
