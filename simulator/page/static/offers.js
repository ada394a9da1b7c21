// A list of offers under a text field, worked by mouse or by keyboard: arrows choose, Enter or Tab takes, Escape closes.
//
// While the offers for what was typed last are on their way, those of an earlier text may still be seen, but keys take none of
// them: Tab waits for the new ones.

let numbers = 0;

export class Offers {
  /**
   * `find(text)` gives `{ items, nothing }` for what stands in the field; items have a `label` and perhaps a `detail`, `nothing`
   * is said where there are none. `take(item)` is called with the one that was taken.
   */
  constructor(input, list, find, take) {
    this.input = input;
    this.list = list;
    this.find = find;
    this.take = take;
    this.items = [];
    this.at = -1;
    this.round = 0; // of asking: only the last one's answer is shown
    this.isAwaited = false;
    this.takesFirst = false; // Tab was pressed before the offers came
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

  /** Offers what fits the text in the field, once nothing was typed for `wait` milliseconds. */
  async renew(wait = 0) {
    const round = ++this.round;
    this.isAwaited = true;
    this.takesFirst = false;
    if (wait) await new Promise((go) => setTimeout(go, wait));
    if (round !== this.round) return;
    const text = this.input.value;
    const found = await this.find(text);
    if (round !== this.round) return;
    const first = this.takesFirst ? 0 : -1;
    const isWanted = this.input.value === text && document.activeElement === this.input;
    this.show(isWanted ? found : {});
    this.pick(first);
  }

  /** No items close the list, unless `nothing` says so in words. Whatever is still on its way is not shown any more. */
  show({ items = [], nothing = "" }) {
    this.round += 1;
    this.isAwaited = false;
    this.takesFirst = false;
    this.items = items;
    this.list.replaceChildren(...items.map((item) => line(item)));
    if (!items.length && nothing) this.list.append(remark(nothing));
    this.list.hidden = !this.list.children.length;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    this.mark(-1);
  }

  close() {
    this.show({});
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
    const isForList = this.isAwaited ? this.early(event) : this.worked(event);
    if (isForList) {
      event.preventDefault();
      event.stopPropagation();
    }
    return isForList;
  }

  /** A second Tab leaves the field, so that nobody is held in it by offers that do not come. */
  early(event) {
    if (event.key === "Escape") return this.escaped();
    if (event.key !== "Tab" || event.shiftKey || this.takesFirst || !this.input.value.trim()) return false;
    this.takesFirst = true;
    return true;
  }

  worked(event) {
    if (!this.items.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.at + step + this.items.length) % this.items.length);
    else if (event.key === "Enter" && this.at >= 0) this.pick(this.at);
    else if (event.key === "Tab" && !event.shiftKey) this.pick(Math.max(this.at, 0));
    else if (event.key === "Escape") return this.escaped();
    else return false;
    return true;
  }

  escaped() {
    const wasOpen = this.isOpen;
    this.close();
    return wasOpen;
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
