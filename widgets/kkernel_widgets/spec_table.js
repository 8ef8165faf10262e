// The specification of a model: a tree of modules that folds, filters, sorts and follows changes.

function render({ model, el }) {
  const panel = frame(el, model, "specification");
  const state = {
    open: null, unrolled: new Set(), filter: "", sort: "tree", all: false, memory: false,
    language: model.get("view").language, selected: "",
  };
  const search = h("input", {
    type: "search", class: "kt-search", placeholder: "filter", "aria-label": "filter modules",
    oninput: () => { state.filter = search.value.trim().toLowerCase(); draw(); },
  });
  panel.tools.append(
    search,
    toggle("all options", false, (on) => { state.all = on; show(allLine()); draw(); }),
    toggle("memory", false, (on) => { state.memory = on; draw(); }),
    segmented("language", [["k", "k"], ["python", "PyTorch"]], state.language, (language) => {
      state.language = language;
      show(selectedLine());
      draw();
    }),
    button("copy code", () => panel.copy(model.get("view").code[state.language]),
      { title: "copy the definition of the whole model" }),
  );
  const table = h("table", { class: "kt-table", role: "treegrid", "aria-label": "modules" });
  panel.body.append(h("div", { class: "kt-scroll" }, table));
  rove(table, "tr[data-path]");

  const view = () => model.get("view");
  const show = (text) => panel.line(text, state.language);
  const name = () => view().name;

  function allLine() {
    return state.language === "k" ? `module(${name()};${state.all ? 1 : 0}b)` : `print(${name()})`;
  }

  function selectedLine() {
    const path = state.selected;
    if (state.language === "k") {
      return path ? `module child(${name()};\`${path})` : `.ui.spec ${name()}`;
    }
    return path ? `${name()}.get_submodule(${JSON.stringify(path)})` : `SpecTable(${name()})`;
  }

  // ------------------------------------------------------------------ rows to show

  function key(row) { return row.path || "\u0000"; }

  // all is open at first, unless that is more than a page even with equal blocks rolled up
  function firstOpen(rows) {
    state.open = new Set(rows.filter((r) => r.children).map(key));
    const small = treeRows(rows).length <= 60;
    return small ? state.open : new Set(rows.filter((r) => r.children && r.depth < 2).map(key));
  }

  function treeRows(rows) {
    const shown = [];
    let closed = Infinity, rolled = Infinity, runStart = null;
    for (const row of rows) {
      if (row.depth > Math.min(closed, rolled)) continue;
      closed = rolled = Infinity;
      if (row.blocks >= 1 && (!runStart || row.depth <= runStart.depth)) {
        runStart = row.blocks > 1 ? row : null;
      }
      if (row.blocks === 0 && isRolled(rows, row)) { rolled = row.depth; continue; }
      shown.push(row);
      if (row.children && !state.open.has(key(row))) closed = row.depth;
    }
    return shown;
  }

  // a block that repeats the one before it is shown only when its run was unrolled
  function isRolled(rows, row) {
    let i = row.at - 1;
    while (i >= 0 && !(rows[i].depth === row.depth && rows[i].blocks > 1)) i -= 1;
    return i >= 0 && !state.unrolled.has(rows[i].path);
  }

  function matches(row) {
    const text = [row.path, row.kind, row.class, ...row.options[state.language].map((o) => o[0])].join(" ");
    return text.toLowerCase().includes(state.filter);
  }

  function rowsToShow(rows) {
    if (state.filter) return rows.filter(matches);
    if (state.sort === "tree") return treeRows(rows);
    if (state.sort === "kind") {
      return rows.filter((row) => !row.children).sort((a, b) => a.kind.localeCompare(b.kind));
    }
    const by = state.sort === "parameters" ? "own" : state.sort;
    return rows.filter((row) => row[by] && (row.own || !row.children))
      .sort((a, b) => b[by] - a[by]);
  }

  // ------------------------------------------------------------------ cells

  const flat = () => Boolean(state.filter) || state.sort !== "tree";

  function nameCell(row) {
    const indent = flat() ? 0 : row.depth;
    const isOpen = state.open.has(key(row));
    const fold = row.children && !flat()
      ? h("button", {
        type: "button", class: "kt-fold", tabindex: "-1",
        "aria-label": (isOpen ? "fold " : "unfold ") + (row.path || "model"),
        onclick: (event) => { flip(row); event.stopPropagation(); },
      }, isOpen ? "▾" : "▸")
      : h("span", { class: "kt-fold" });
    const label = flat() ? row.path : row.name;
    const kind = state.language === "k" ? row.kind : row.class;
    return h("th", { scope: "row", class: "kt-name" },
      h("span", { class: "kt-indent", style: { width: `${indent * 1.1}em` } }), fold,
      label ? h("span", { class: "kt-own", title: row.path }, label) : null,
      h("span", { class: "kt-kind" }, kind), blocksBadge(row), callsBadge(row));
  }

  function blocksBadge(row) {
    if (row.blocks < 2 || flat()) return null;
    const open = state.unrolled.has(row.path);
    return h("button", {
      type: "button", class: "kt-badge", tabindex: "-1", "aria-expanded": String(open),
      title: `${row.blocks} blocks built alike; click to ${open ? "roll up" : "show each"}`,
      onclick: (event) => {
        open ? state.unrolled.delete(row.path) : state.unrolled.add(row.path);
        draw();
        event.stopPropagation();
      },
    }, `×${row.blocks}`);
  }

  function callsBadge(row) {
    if (row.calls < 2) return null;
    return h("span", { class: "kt-muted", title: "calls in one forward pass" },
      ` called ${row.calls} times`);
  }

  function optionsCell(row) {
    const options = row.options[state.language];
    const shown = options.filter((option) => state.all || !option[2]);
    const mark = state.language === "k" ? " " : "=";
    const parts = shown.map(([option, text, byDefault]) =>
      h("span", { class: byDefault ? "kt-option kt-muted" : "kt-option" },
        h("span", { class: "kt-optionname" }, option + mark), text));
    const ties = row.tied.map((tie) => h("span", { class: "kt-tie", title: "tied parameter" },
      tie));
    const words = options.map(([option, text]) => option + mark + text).join("  ");
    return h("td", { class: "kt-options", title: words }, parts, ties);
  }

  function shapeCell(row) {
    const failed = view().failed === row.path;
    if (failed) return h("td", { class: "kt-shape kt-error" }, row.in, row.in ? " → " : "", "failed");
    if (!row.in && !row.out) return h("td", { class: "kt-shape" });
    return h("td", { class: "kt-shape", title: `${row.in} → ${row.out}` }, row.in,
      h("span", { class: "kt-arrow" }, " → "), row.out);
  }

  function countCell(row) {
    if (!row.parameters) return h("td", { class: "kt-count" });
    const share = h("span", { class: "kt-share", "aria-hidden": row.own ? null : "true" },
      row.own ? h("span", { class: "kt-bar", style: { width: `${Math.max(row.share * 100, 2)}%` },
        "aria-hidden": "true" }) : null, row.own ? percent(row.share) : "");
    const trained = row.trainable === row.parameters ? null
      : h("span", { class: "kt-frozen" }, row.trainable ? "part frozen" : "frozen");
    return h("td", { class: "kt-count", title: percent(row.share) + " of all parameters" },
      trained, h("span", { class: "kt-number" }, thousands(row.parameters)), share);
  }

  // bytes of the parameters, and where they were asked for, of all else that takes memory
  function memoryColumns() {
    const parts = ["buffers", "gradients", "optimizer", "activations"];
    return ["bytes", ...parts.filter((part) => state.memory && view().rows[0][part])];
  }

  function line(row, focus) {
    return h("tr", {
      "data-path": row.path, tabindex: focus ? "0" : "-1", "aria-level": row.depth + 1,
      "aria-expanded": row.children && !flat() ? String(state.open.has(key(row))) : null,
      "aria-selected": String(Boolean(state.touched) && state.selected === row.path),
      class: row.own || !row.children ? null : "kt-container",
      onclick: () => select(row),
    }, nameCell(row), optionsCell(row), shapeCell(row), countCell(row),
    memoryColumns().map((part) =>
      h("td", { class: "kt-right" }, row[part] ? byteSize(row[part]) : "")),
    h("td", { class: "kt-right" }, row.macs ? short(row.macs) : ""));
  }

  // ------------------------------------------------------------------ acts

  function flip(row, open = !state.open.has(key(row))) {
    open ? state.open.add(key(row)) : state.open.delete(key(row));
    draw();
  }

  function select(row) {
    state.selected = row.path;
    state.touched = true;
    show(selectedLine());
    draw();
  }

  table.addEventListener("keydown", (event) => {
    const line = event.target.closest("tr[data-path]");
    const row = line && view().rows.find((r) => r.path === line.dataset.path);
    if (!row) return;
    const open = row.children && !flat() && state.open.has(key(row));
    if (event.key === "ArrowRight" && !flat()) { open ? move(line, 1) : row.children && flip(row); keep(event); }
    if (event.key === "ArrowLeft" && !flat()) { open ? flip(row) : moveUp(line); keep(event); }
    if (event.key === "Enter" || event.key === " ") { select(row); keep(event); }
  });

  function move(line, by) {
    const rows = [...table.querySelectorAll("tr[data-path]")], next = rows[rows.indexOf(line) + by];
    if (next) focusRow(rows, next);
  }

  // to the row that this one is in
  function moveUp(line) {
    const rows = [...table.querySelectorAll("tr[data-path]")];
    const level = (row) => Number(row.getAttribute("aria-level"));
    const above = rows.slice(0, rows.indexOf(line)).reverse().find((r) => level(r) < level(line));
    if (above) focusRow(rows, above);
  }

  function head() {
    const column = (id, text, sorts, cls) => {
      const on = state.sort === id;
      const inner = sorts
        ? h("button", { type: "button", class: "kt-sort", onclick: () => {
          state.sort = on ? "tree" : id;
          draw();
        } }, text, h("span", { class: "kt-sortmark", "aria-hidden": "true" }, on ? " ▾" : ""))
        : text;
      return h("th", { scope: "col", class: cls, "aria-sort": !on || !sorts ? null : id === "kind" ? "ascending" : "descending" },
        inner);
    };
    return h("thead", {}, h("tr", {},
      column("kind", "module", true), column("", "options", false),
      column("", "in → out", false), column("parameters", "parameters", true, "kt-counthead"),
      memoryColumns().map((part) => column(part, part, true, "kt-right")),
      column("macs", "MACs", true, "kt-right")));
  }

  // ------------------------------------------------------------------ drawing

  function memoryBar(parts) {
    const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
    const words = parts.map(([part, bytes]) => `${part} ${byteSize(bytes)}`).join(", ");
    return h("div", { class: "kt-memory" },
      h("div", { class: "kt-stack", role: "img", "aria-label": `memory: ${words}` },
        parts.map(([part, bytes]) => h("span", { class: "kt-part kt-" + part,
          style: { flexGrow: bytes }, title: `${part} ${byteSize(bytes)}` }))),
      h("div", { class: "kt-legend" }, h("span", {}, "memory ", h("b", {}, byteSize(total))),
        parts.map(([part, bytes]) => h("span", {},
          h("span", { class: "kt-key kt-" + part, "aria-hidden": "true" }), part, " ",
          h("b", {}, byteSize(bytes))))));
  }

  function draw() {
    const current = view();
    current.rows.forEach((row, i) => { row.at = i; });
    if (state.open === null) state.open = firstOpen(current.rows);
    const rows = rowsToShow(current.rows);
    const focused = document.activeElement?.closest?.("tr[data-path]")?.dataset.path;
    const inside = table.contains(document.activeElement);
    const first = rows.some((row) => row.path === state.selected) ? state.selected : rows[0]?.path;
    const body = h("tbody", {}, rows.map((row) => line(row, row.path === first)));
    table.replaceChildren(head(), body);
    if (inside && focused !== undefined) {
      [...body.children].find((row) => row.dataset.path === focused)?.focus();
    }
    panel.title.textContent = state.language === "k" ? current.title : current.rows[0].class;
    const frozen = current.parameters - current.trainable;
    panel.figures.replaceChildren(
      h("span", {}, h("b", {}, thousands(current.parameters)), " parameters"),
      frozen ? h("span", {}, h("b", {}, thousands(frozen)), " frozen") : "",
      current.macs === null ? ""
        : h("span", {}, h("b", {}, short(current.macs)), " MACs", current.sample ? "/sample" : ""));
    panel.notes.replaceChildren(
      current.memory.length ? memoryBar(current.memory) : "",
      ...current.notes.map((note) => h("div", { class: "kt-note" }, note)));
    panel.say(!state.filter ? "" : rows.length ? `${thousands(rows.length)} match` : "no module matches");
  }

  show(selectedLine());
  draw();
  model.on("change:view", draw);
  return () => { model.off("change:view", draw); panel.end(); };
}

export default { render };
