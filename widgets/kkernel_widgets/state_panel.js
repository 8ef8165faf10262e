// Named states of a model: what is kept, what differs, back and forth, to files and from them.

function render({ model, el }) {
  const panel = frame(el, model, "states");
  const state = { a: null, b: "now", all: false, edited: null, language: model.get("view").language };
  const view = () => model.get("view");
  const ask = (act, more = {}) => { panel.say("…"); model.send({ do: act, ...more }); };

  const name = h("input", { class: "kt-input", placeholder: "name", "aria-label": "name of state",
    size: 10, maxlength: 100 });
  const note = h("input", { class: "kt-input", placeholder: "note", "aria-label": "note",
    size: 16, maxlength: 1000 });
  const undo = button("undo", () => ask("undo"));
  const take = () => {
    ask("take", { name: name.value, note: note.value });
    name.value = note.value = "";
  };
  for (const field of [name, note]) {
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") take(); });
  }
  panel.tools.append(name, note, button("take snapshot", take, { class: "kt-button kt-primary" }),
    undo);

  const table = h("table", { class: "kt-table", "aria-label": "states" });
  const files = fileRow();
  const compared = h("div", { class: "kt-compared" });
  panel.body.append(h("div", { class: "kt-scroll" }, table), compared, files);

  // ------------------------------------------------------------------ states

  function choice(side, value, label) {
    const box = h("input", { type: "radio", name: `${side}-${model.model_id || ""}`,
      "aria-label": `${side.toUpperCase()}: ${label}`,
      onchange: () => { state[side] = value; compare(); } });
    box.checked = state[side] === value;
    return h("td", { class: "kt-choice" }, box);
  }

  function compare() {
    if (state.a !== null && state.a !== state.b) {
      ask("compare", { a: state.a, b: state.b, all: state.all });
    }
  }

  function ago(seconds) {
    const passed = Date.now() / 1000 - seconds;
    if (passed < 60) return "just now";
    if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
    return new Date(seconds * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  }

  function status(row) {
    return row.changed
      ? h("td", { class: "kt-muted" }, `${row.changed} tensors differ`)
      : h("td", { class: "kt-fits" }, "✓ same as now");
  }

  function stateRow(row) {
    const [named, noted, edit] = state.edited === row.name ? editing(row) : [
      row.name, row.note, button("edit", () => { state.edited = row.name; draw(); focusEdited(); },
        { class: "kt-quiet", "aria-label": `edit ${row.name}` })];
    return h("tr", { "data-state": row.name },
      h("th", { scope: "row", class: "kt-own", title: row.name }, named),
      h("td", { class: "kt-muted kt-noted", title: row.note }, noted),
      h("td", { class: "kt-right" }, row.step === null ? "" : thousands(row.step)),
      h("td", { class: "kt-right" }, byteSize(row.bytes)),
      h("td", { class: "kt-right kt-muted", title: "memory that only this state needs" },
        byteSize(row.own)),
      h("td", { class: "kt-digest", title: row.digest }, row.digest.slice(0, 8)),
      h("td", { class: "kt-muted" }, ago(row.time)), status(row),
      choice("a", row.name, row.name), choice("b", row.name, row.name),
      h("td", { class: "kt-acts" },
        button("restore", () => ask("restore", { name: row.name }),
          { class: "kt-button", disabled: row.changed === 0, "aria-label": `restore ${row.name}` }),
        edit,
        button("drop", () => ask("drop", { name: row.name }),
          { class: "kt-quiet", "aria-label": `drop ${row.name}` })));
  }

  // the name and the note as fields; Enter keeps them, Escape leaves them
  function editing(row) {
    const field = (label, value, most) => h("input", { class: "kt-input kt-edit", value,
      "aria-label": `${label} of ${row.name}`, maxlength: most });
    const newName = field("new name", row.name, 100), newNote = field("new note", row.note, 1000);
    const done = () => { state.edited = null; };
    const keepBoth = () => {
      done();
      const to = newName.value.trim();
      if (newNote.value.trim() !== row.note) ask("note", { name: row.name, note: newNote.value });
      if (to && to !== row.name) ask("rename", { name: row.name, to });
      draw();
    };
    for (const input of [newName, newNote]) {
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") { keepBoth(); keep(event); }
        if (event.key === "Escape") { done(); draw(); keep(event); }
      });
    }
    return [newName, newNote, button("keep", keepBoth, { class: "kt-quiet" })];
  }

  function focusEdited() {
    table.querySelector(".kt-edit")?.focus();
  }

  function drawStates(current) {
    const heads = ["state", "note", "step", "size", "own", "digest", "taken",
      unseen("against now"), "A", "B", unseen("actions")];
    const right = [2, 3, 4];
    const now = h("tr", { class: "kt-now" },
      h("th", { scope: "row", class: "kt-own" }, "now"), h("td", { colspan: 8 }),
      choice("b", "now", "now"), h("td", {}));
    table.replaceChildren(
      h("thead", {}, h("tr", {}, heads.map((text, i) =>
        h("th", { scope: "col", class: right.includes(i) ? "kt-right" : null }, text)))),
      h("tbody", {}, current.states.map(stateRow), now));
  }

  // ------------------------------------------------------------------ differences

  function picture(d, counts) {
    const top = Math.max(1, ...counts), width = 120, height = 20, step = width / counts.length;
    let path = `M0,${height}`;
    counts.forEach((c, i) => { path += `V${(height - c / top * (height - 2)).toFixed(1)}H${((i + 1) * step).toFixed(1)}`; });
    const zero = -d.picture.low / (d.picture.high - d.picture.low) * width;
    return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
      "aria-label": d.words },
    s("path", { d: `${path}V${height}Z`, class: "kt-bars" }),
    zero > 0 && zero < width
      ? s("line", { x1: zero, x2: zero, y1: 0, y2: height, class: "kt-zero" }) : null);
  }

  function drawDifferences(current) {
    if (!current.compared) {
      compared.replaceChildren();
      return;
    }
    const take = floats(model.get("bins"));
    const number = (v) => v === null ? "" : significant(v, 3);
    const rows = current.differences.map((d) => {
      const counts = d.picture ? take(d.picture.bins) : null;
      return h("tr", {}, h("th", { scope: "row", class: "kt-own", title: d.name }, d.name),
        h("td", { class: "kt-muted" }, d.shape),
        h("td", { class: d.status === "same" ? "kt-right kt-fits" : "kt-right" },
          d.status === "differs" ? number(d.relative) : d.status === "same" ? "✓ same" : d.status),
        h("td", { class: "kt-right" }, number(d.largest)),
        h("td", { class: "kt-right" }, number(d.cosine)),
        h("td", { class: "kt-right" }, d.signs === null ? "" : percent(d.signs) || "0%"),
        h("td", {}, counts ? picture(d, counts) : ""));
    });
    const heads = ["tensor", "shape", "|B−A|/|A|", "max |B−A|", "cosine", "signs", "B−A"];
    const [a, b] = current.compared;
    const words = `${b} against ${a}: ${current.tensors - current.same} of ${current.tensors} `
      + "tensors differ";
    const all = toggle("all tensors", current.all, (on) => { state.all = on; compare(); });
    compared.replaceChildren(h("div", { class: "kt-caption" }, words, all),
      rows.length ? h("div", { class: "kt-scroll", tabindex: "0", role: "region",
        "aria-label": "tensors that differ" }, h("table", { class: "kt-table",
        "aria-label": words },
      h("thead", {}, h("tr", {}, heads.map((text, i) =>
        h("th", { scope: "col", class: i >= 2 && i <= 5 ? "kt-right" : null }, text)))),
      h("tbody", {}, rows))) : "");
  }

  // ------------------------------------------------------------------ files

  function fileRow() {
    let suffix = ".safetensors";
    const path = h("input", { class: "kt-input kt-path", placeholder: "file.safetensors",
      "aria-label": "file", maxlength: 4000 });
    const which = h("select", { class: "kt-select", "aria-label": "state to save" });
    const format = segmented("format", [[".safetensors", "safetensors"], [".kdb", "kdb+"]], suffix,
      (chosen) => { suffix = chosen; path.placeholder = `file${chosen}`; });
    const target = () => {
      const plain = path.value.trim().replace(/\.(safetensors|kdb)$/, "");
      return plain ? plain + suffix : "";
    };
    const row = h("div", { class: "kt-files" }, path, which, format,
      button("save", () => ask("save", { path: target(), name: which.value })),
      button("load", () => ask("load", { path: path.value }),
        { title: "states of this panel, q's data files, safetensors and PyTorch weights" }));
    row.fill = (names) => {
      const chosen = which.value || "now";
      which.replaceChildren(...["now", ...names].map((n) => h("option", { value: n }, n)));
      which.value = names.includes(chosen) ? chosen : "now";
    };
    return row;
  }

  // ------------------------------------------------------------------ drawing

  function draw() {
    const current = view();
    const names = current.states.map((row) => row.name);
    if (state.a !== null && !names.includes(state.a)) state.a = null;
    if (state.b !== "now" && !names.includes(state.b)) state.b = "now";
    if (current.compared) [state.a, state.b] = current.compared;
    if (!names.includes(state.edited)) state.edited = null;
    const focus = document.activeElement?.getAttribute?.("aria-label");
    const inside = table.contains(document.activeElement);
    const typed = [...table.querySelectorAll(".kt-edit")].map((field) => field.value);
    drawStates(current);
    const fields = [...table.querySelectorAll(".kt-edit")];
    if (typed.length === fields.length) fields.forEach((field, i) => { field.value = typed[i]; });
    drawDifferences(current);
    if (inside && focus) {
      [...table.querySelectorAll("[aria-label]")]
        .find((e) => e.getAttribute("aria-label") === focus)?.focus();
    }
    files.fill(names);
    undo.disabled = !current.undo;
    undo.title = current.undo ? `undo ${current.undo}` : "";
    panel.title.textContent = "states";
    panel.figures.replaceChildren(
      h("span", {}, h("b", {}, names.length), " kept in ", h("b", {}, byteSize(current.bytes))),
      current.total ? h("span", {}, "process ", h("b", {}, byteSize(current.resident)), " of ",
        byteSize(current.total)) : "");
    if (!names.length) {
      panel.notes.replaceChildren("A snapshot keeps parameters, buffers, optimizer and random "
        + "generators. Restoring checks every bit and can be undone.");
    } else panel.notes.replaceChildren();
  }

  panel.line(state.language === "k" ? `.ui.state ${view().name}` : `StatePanel(${view().name})`,
    state.language);
  draw();
  model.on("change:view", draw);
  return () => { model.off("change:view", draw); panel.end(); };
}

export default { render };
