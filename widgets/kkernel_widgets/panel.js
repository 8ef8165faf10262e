// What all panels share in the browser: elements, numbers, the head, messages, the line of code.
// Text reaches the page as text nodes only; there is no way here to insert HTML.

const SVG = "http://www.w3.org/2000/svg";

// What can have the focus keeps the notebook's own shortcuts quiet: they look at the focused
// element before anything else hears of the key.
function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  if (["button", "input", "select"].includes(name) || "tabindex" in attributes) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  return fill(element, attributes, children);
}

function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

// Words for screen readers only, where the eye needs none.
const unseen = (text) => h("span", { class: "kt-unseen" }, text);

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(element.style, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const grouped = new Intl.NumberFormat("en-US");
const thousands = (count) => grouped.format(count);

function scaled(count, units) {
  let value = count, unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  const digits = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  return value.toFixed(digits) + units[unit];
}

const byteSize = (count) => scaled(count, [" B", " kB", " MB", " GB", " TB"]);
const short = (count) => scaled(count, ["", "k", "M", "G", "T"]);
const percent = (share) => share <= 0 ? "" : share < 0.005 ? "<1%" : Math.round(share * 100) + "%";

function significant(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value), rounded = Number(value.toPrecision(digits));
  return size >= 1e6 || size < 1e-4 ? rounded.toExponential().replace("e+", "e") : String(rounded);
}

// Both ends of a range, with the digits that it takes to tell them apart.
function bothEnds(low, high) {
  let digits = 2;
  while (digits < 9 && low !== high && significant(low, digits) === significant(high, digits)) {
    digits += 1;
  }
  return [significant(low, digits), significant(high, digits)];
}

// The float64 numbers of a buffer, so many at a time.
function floats(bytes) {
  const numbers = bytes && bytes.byteLength
    ? new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    : new Float64Array();
  let at = 0;
  return (n) => numbers.subarray(at, at += n);
}

// A group of buttons of which one is pressed: choices are [value, label].
function segmented(label, choices, chosen, choose) {
  const buttons = choices.map(([value, text]) =>
    h("button", {
      type: "button", class: "kt-segment", "aria-pressed": String(value === chosen),
      onclick: () => {
        buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(choices[i][0] === value)));
        choose(value);
      },
    }, text));
  return h("span", { class: "kt-segmented", role: "group", "aria-label": label }, buttons);
}

function button(text, act, attributes = {}) {
  return h("button", { type: "button", class: "kt-button", onclick: act, ...attributes }, text);
}

function toggle(text, on, act) {
  const box = h("input", { type: "checkbox", onchange: () => act(box.checked) });
  box.checked = on;
  return h("label", { class: "kt-toggle" }, box, h("span", {}, text));
}

// Rows move with the arrow keys; only one is reached with Tab.
function rove(body, selector) {
  body.addEventListener("keydown", (event) => {
    const rows = [...body.querySelectorAll(selector)];
    const at = rows.indexOf(document.activeElement.closest(selector));
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0,
      End: rows.length - 1 };
    if (at < 0 || !(event.key in moves)) return;
    focusRow(rows, rows[Math.max(0, Math.min(rows.length - 1, moves[event.key]))]);
    keep(event);
  });
}

function focusRow(rows, next) {
  rows.forEach((row) => row.setAttribute("tabindex", row === next ? "0" : "-1"));
  next.focus();
}

function keep(event) {
  event.preventDefault();
  event.stopPropagation();
}

// A picture that is read column by column: the pointer or the arrow keys move a hairline, and the
// words of its column stand beside it. `xs` are the columns in units of a picture so `wide`;
// `memory` outlives redrawing.
function reader(picture, label, wide, xs, words, memory) {
  const hair = h("div", { class: "kt-hair", hidden: true });
  const told = h("div", { class: "kt-reading", hidden: true, "aria-hidden": "true" });
  const box = h("div", { class: "kt-reader", tabindex: "0", role: "slider", "aria-label": label,
    "aria-valuemin": 0, "aria-valuemax": Math.max(0, xs.length - 1), "aria-valuenow": 0,
    "aria-valuetext": xs.length ? words(0) : "" }, picture, hair, told);

  function read(at) {
    memory.at = Math.max(0, Math.min(xs.length - 1, at));
    const text = words(memory.at), share = 100 * xs[memory.at] / wide;
    hair.hidden = told.hidden = false;
    hair.style.left = `${share}%`;
    told.textContent = text;
    told.style.left = share < 50 ? `calc(${share}% + 8px)` : "auto";
    told.style.right = share < 50 ? "auto" : `calc(${100 - share}% + 8px)`;
    box.setAttribute("aria-valuenow", memory.at);
    box.setAttribute("aria-valuetext", text);
  }

  function leave() {
    hair.hidden = told.hidden = true;
    memory.on = false;
  }

  const nearest = (x) => xs.reduce((best, here, i) =>
    Math.abs(here - x) < Math.abs(xs[best] - x) ? i : best, 0);
  box.addEventListener("pointermove", (event) => {
    const frame = box.getBoundingClientRect();
    memory.on = true;
    read(nearest((event.clientX - frame.left) / frame.width * wide));
  });
  box.addEventListener("pointerleave", () => { if (document.activeElement !== box) leave(); });
  box.addEventListener("focus", () => { memory.on = memory.focused = true; read(memory.at || 0); });
  box.addEventListener("blur", () => { if (box.isConnected) { memory.focused = false; leave(); } });
  box.addEventListener("keydown", (event) => {
    const at = memory.at || 0, last = xs.length - 1;
    const moves = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1,
      PageUp: at + 10, PageDown: at - 10, Home: 0, End: last };
    if (event.key === "Escape") leave();
    else if (event.key in moves) read(moves[event.key]);
    else return;
    keep(event);
  });
  if (memory.on) read(memory.at);
  if (memory.focused) queueMicrotask(() => box.isConnected && box.focus({ preventScroll: true }));
  return box;
}

// Draw again when there is another width to fill; returns what ends it.
function onWidth(element, act) {
  let last = 0;
  const observer = new ResizeObserver(() => {
    const now = element.clientWidth;
    if (now && Math.abs(now - last) > 1) { last = now; act(); }
  });
  observer.observe(element);
  return () => observer.disconnect();
}

// The cells of a panel's tables as lines with tabs, for spreadsheets.
function tabbed(root) {
  const plain = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("button:not(.kt-sort), select, input, svg").forEach((e) => e.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  return [...root.querySelectorAll("table")].map((table) =>
    [...table.rows].map((row) => [...row.cells].map(plain).join("\t")).join("\n")).join("\n\n");
}

// The frame of a panel: title, figures, tools, body, and a foot with messages and a line of code.
function frame(el, model, kind) {
  const title = h("span", { class: "kt-title" });
  const figures = h("span", { class: "kt-figures" });
  const tools = h("div", { class: "kt-tools", role: "toolbar", "aria-label": kind });
  const body = h("div", { class: "kt-body" });
  const notes = h("div", { class: "kt-notes" });
  const prompt = h("span", { class: "kt-prompt", "aria-hidden": "true" });
  const code = h("code", { class: "kt-line" });
  const said = h("span", { class: "kt-said", role: "status", "aria-live": "polite" });
  const bar = h("progress", { class: "kt-progress", max: 1, hidden: true, "aria-label": "progress" });
  const foot = h("div", { class: "kt-foot" }, prompt, code,
    button("copy", () => copy(code.textContent), { class: "kt-quiet", "aria-label": "copy line" }),
    button("copy table", () => copy(tabbed(body)), { class: "kt-quiet kt-copytable",
      title: "copy the cells, for a spreadsheet" }),
    bar, said);
  const root = h("section", { class: "kt-live kt-" + kind, "aria-label": kind },
    h("header", { class: "kt-head" }, title, figures, tools), body, notes, foot);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.replaceChildren(root);

  function line(text, language) {
    prompt.textContent = language === "k" ? "q)" : ">>>";
    code.textContent = text;
    foot.classList.toggle("kt-hasline", Boolean(text));
  }

  function say(text, error = false) {
    said.textContent = text;
    bar.hidden = true;
    said.classList.toggle("kt-error", error);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      say("copied");
    } catch {
      say("the browser does not allow copying", true);
    }
  }

  function onmessage(message) {
    if (!message || typeof message.say !== "string") return;
    say(message.say, Boolean(message.error));
    if (typeof message.progress === "number") {
      bar.value = message.progress;
      bar.hidden = false;
    }
    if (message.line) line(message.line, model.get("view").language);
  }

  model.on("msg:custom", onmessage);
  const end = () => model.off("msg:custom", onmessage);
  return { root, title, figures, tools, body, notes, line, say, copy, end };
}
