// Mean squares of activations and gradients by depth, and the initializers that set them.

function render({ model, el }) {
  const panel = frame(el, model, "initializers");
  const state = { table: false, language: model.get("view").language, chosen: {} };
  const view = () => model.get("view");
  const select = (label, choices, attributes = {}) => h("select",
    { class: "kt-select", "aria-label": label, ...attributes },
    choices.map((name) => h("option", { value: name }, name)));

  const by = select("initializer", view().initializers);
  const activation = select("activation", view().functions);
  const fan = select("fan", view().fans);
  const seed = h("input", { class: "kt-input", placeholder: "seed", "aria-label": "seed", size: 5,
    inputmode: "numeric" });
  const undo = button("undo", () => ask("undo"));
  panel.tools.append(
    by, activation, fan, seed,
    button("draw all", () => draw("*", by.value), { class: "kt-button kt-primary" }), undo,
    button("compare all", () => ask("compare", { function: activation.value, fan: fan.value })),
    toggle("table", false, (on) => { state.table = on; show(); }));
  const place = h("div", { class: "kt-signal" });
  const weights = h("div", { class: "kt-weights" });
  panel.body.append(place, weights);

  function ask(act, more = {}) {
    panel.say("…");
    model.send({ do: act, ...more });
  }

  function draw(weight, initializer) {
    const number = seed.value.trim() === "" ? null : Number(seed.value);
    ask("draw", { weight, by: initializer, function: activation.value, fan: fan.value,
      seed: number });
  }

  // ------------------------------------------------------------------ chart

  const COLOURS = ["#8b949e", "#2f6fb3", "#3a9a76", "#8a6bbf", "#c2573d", "#b8860b", "#4aa3a2",
    "#b0528f"];

  function chart(current) {
    const layers = current.layers, width = 900, height = 250;
    const left = 52, right = current.compared.length ? 150 : 14, foot = 24, head = 10;
    const lines = current.compared.length
      ? current.compared.map((c) => c.squares)
      : [layers.map((l) => l.square), layers.map((l) => l.theory), layers.map((l) => l.gradient)];
    const logs = lines.flat().filter((v) => v > 0).map(Math.log10);
    if (!logs.length) return h("div", { class: "kt-note" }, "nothing to show");
    const low = Math.max(-40, Math.floor(Math.min(0, ...logs)));
    const high = Math.min(40, Math.ceil(Math.max(1, ...logs)));
    const x = (i) => left + (width - left - right) * (layers.length < 2 ? .5 : i / (layers.length - 1));
    const y = (v) => head + (high - Math.min(high, Math.max(low, Math.log10(v)))) / (high - low)
      * (height - head - foot);
    const path = (values) => {
      let d = "", pen = "M";
      values.forEach((v, i) => {
        if (!(v > 0)) { pen = "M"; return; }
        d += `${pen}${x(i).toFixed(1)},${y(v).toFixed(1)}`;
        pen = "L";
      });
      return d;
    };
    const marks = [];
    const step = Math.max(1, Math.ceil((high - low) / 6));
    for (let power = low; power <= high; power += step) {
      marks.push(s("line", { class: "kt-gridline", x1: left, x2: width - right,
        y1: y(10 ** power), y2: y(10 ** power) }));
      marks.push(s("text", { class: "kt-tick", x: left - 6, y: y(10 ** power) + 4,
        "text-anchor": "end" }, power === 0 ? "1" : `1e${power}`));
    }
    const every = Math.max(1, Math.ceil(layers.length / 12));
    layers.forEach((l, i) => {
      if (i % every === 0) {
        marks.push(s("text", { class: "kt-tick", x: x(i), y: height - 6, "text-anchor": "middle" },
          l.path.length > 9 ? "…" + l.path.slice(-8) : l.path));
      }
    });
    if (current.compared.length) marks.push(...compared(current, path, x, y, width, right));
    else marks.push(...measured(layers, path, x, y));
    return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "kt-close", role: "img",
      "aria-label": words(current) }, marks);
  }

  function measured(layers, path, x, y) {
    const known = layers.map((l, i) => ({ ...l, i })).filter((l) => l.theory > 0);
    const up = known.map((l) => `${x(l.i)},${y(l.theory * Math.exp(2 * l.spread))}`);
    const down = known.map((l) => `${x(l.i)},${y(l.theory * Math.exp(-2 * l.spread))}`).reverse();
    return [
      s("polygon", { class: "kt-band", points: [...up, ...down].join(" ") }),
      s("path", { class: "kt-law", d: path(layers.map((l) => l.theory)) }),
      s("path", { class: "kt-gradientline", d: path(layers.map((l) => l.gradient)) }),
      s("path", { class: "kt-measured", d: path(layers.map((l) => l.square)) }),
      ...layers.flatMap((l, i) => l.square > 0
        ? [s("circle", { class: "kt-dot", cx: x(i), cy: y(l.square), r: 3 },
          s("title", {}, `${l.path} ${l.kind}: ${significant(l.square, 3)}`))] : []),
    ];
  }

  function compared(current, path, x, y, width, right) {
    const ends = current.compared.map((c, i) => {
      const last = c.squares.findLastIndex((v) => v > 0);
      return { name: c.name, i, y: last < 0 ? y(1e-300) : y(c.squares[last]),
        value: last < 0 ? 0 : c.squares[last] };
    }).sort((a, b) => a.y - b.y);
    let above = -Infinity;
    for (const end of ends) { end.at = Math.max(end.y, above + 13); above = end.at; }
    const bottom = 250 - 24;
    const over = Math.max(0, above - bottom);
    return [
      ...current.compared.map((c, i) => s("path", { class: "kt-comparedline", d: path(c.squares),
        stroke: COLOURS[i % COLOURS.length] })),
      ...ends.map((end) => s("text", { class: "kt-tick", x: width - right + 6,
        y: end.at + 4 - over, style: { fill: COLOURS[end.i % COLOURS.length] } },
      `${end.name.split(" ")[0]} ${significant(end.value, 2)}`)),
    ];
  }

  function words(current) {
    if (current.compared.length) {
      return "mean square of the last activation: " + current.compared.map((c) =>
        `${c.name} ${significant(c.squares[c.squares.length - 1] ?? NaN, 2)}`).join(", ");
    }
    const last = current.layers[current.layers.length - 1];
    return last ? `mean square of activations through ${current.layers.length} layers, at last `
      + `${significant(last.square ?? NaN, 2)}`
      + (last.theory === null ? "" : `, expected ${significant(last.theory, 2)}`) : "no layers";
  }

  function legend(current) {
    if (current.compared.length) {
      return h("div", { class: "kt-legend" },
        h("span", {}, "mean square of activations after each initializer, on a copy"),
        button("back to the model", () => ask("forget"), { class: "kt-quiet" }));
    }
    return h("div", { class: "kt-legend" },
      h("span", {}, h("span", { class: "kt-lawkey kt-measuredkey", "aria-hidden": "true" }),
        "E[h²] measured"),
      h("span", {}, h("span", { class: "kt-lawkey", "aria-hidden": "true" }),
        "expected, ±2 sd of the log"),
      h("span", {}, h("span", { class: "kt-lawkey kt-gradientkey", "aria-hidden": "true" }),
        "E[g²] of gradients"),
      h("span", {}, `with ${current.source}`));
  }

  // ------------------------------------------------------------------ tables

  function layerTable(layers) {
    const heads = ["layer", "module", "E[h²]", "expected", "E[g²]", "dead", "saturated"];
    const number = (v) => v === null ? "" : significant(v, 3);
    const share = (v) => v === null ? "" : percent(v) || "0%";
    return h("div", { class: "kt-scroll" }, h("table", { class: "kt-table" },
      h("thead", {}, h("tr", {}, heads.map((text, i) =>
        h("th", { scope: "col", class: i > 1 ? "kt-right" : null }, text)))),
      h("tbody", {}, layers.map((l) => h("tr", {},
        h("th", { scope: "row", class: "kt-own" }, l.path), h("td", {}, l.kind),
        [l.overflow ? "not finite" : number(l.square), number(l.theory), number(l.gradient),
          share(l.dead), share(l.saturated)].map((text) =>
          h("td", { class: "kt-right" }, text)))))));
  }

  function weightTable(rows) {
    return h("div", { class: "kt-scroll" }, h("table", { class: "kt-table",
      "aria-label": "weights" },
    h("thead", {}, h("tr", {}, ["weight", "shape", "law", "draw by"].map((text) =>
      h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map((row) => {
      const choice = select(`initializer of ${row.name}`, row.by);
      choice.value = state.chosen[row.name] || choice.value;
      choice.addEventListener("change", () => { state.chosen[row.name] = choice.value; });
      return h("tr", {}, h("th", { scope: "row", class: "kt-own" }, row.name),
        h("td", { class: "kt-muted" }, row.shape), h("td", {}, row.law),
        h("td", { class: "kt-acts" }, choice, " ",
          button("draw", () => draw(row.name, choice.value), { class: "kt-button",
            "aria-label": `draw ${row.name}` })));
    }))));
  }

  function warnings(layers) {
    const found = [];
    const dead = layers.filter((l) => l.dead > .2).length;
    const full = layers.filter((l) => l.saturated > .5).length;
    const bad = layers.filter((l) => l.overflow).length;
    if (bad) found.push(`${bad} layers are not finite`);
    if (dead) found.push(`${dead} layers with more than 20% dead units`);
    if (full) found.push(`${full} saturated layers`);
    return found.map((text) => h("span", { class: "kt-misfits" }, "! " + text));
  }

  function show() {
    const current = view();
    const focus = document.activeElement?.getAttribute?.("aria-label");
    const inside = weights.contains(document.activeElement);
    place.replaceChildren(state.table ? layerTable(current.layers) : chart(current),
      legend(current));
    weights.replaceChildren(weightTable(current.weights));
    if (inside && focus) {
      [...weights.querySelectorAll("[aria-label]")]
        .find((e) => e.getAttribute("aria-label") === focus)?.focus();
    }
    undo.disabled = !current.undo;
    panel.title.textContent = "initializers";
    panel.figures.replaceChildren(h("span", {}, h("b", {}, current.layers.length), " layers"),
      ...warnings(current.layers));
    panel.notes.replaceChildren(current.failure ? `the forward failed: ${current.failure}` : "");
  }

  panel.line(state.language === "k" ? `.ui.init ${view().name}`
    : `InitializerPanel(${view().name})`, state.language);
  show();
  model.on("change:view", show);
  return () => { model.off("change:view", show); panel.end(); };
}

export default { render };
