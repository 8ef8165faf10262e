// Mean squares of activations and gradients by depth, and the initializers that set them.

function render({ model, el }) {
  const panel = frame(el, model, "initializers");
  const state = { table: false, biases: false, language: model.get("view").language, chosen: {} };
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
    toggle("biases", false, (on) => { state.biases = on; show(); }),
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

  // ------------------------------------------------------------------ charts

  const COLOURS = ["#8b949e", "#2f6fb3", "#3a9a76", "#8a6bbf", "#c2573d", "#b8860b", "#4aa3a2",
    "#b0528f"];
  const DASHES = ["2 3", "", "6 3", "", "8 3 2 3", "", "4 2", "1 2"];
  const LEFT = 52, HEAD = 20, MOST_DOTS = 150;
  let wide = 900;
  const readings = {};  // what is read in each chart

  const right = () => view().compared.length ? 130 : 14;
  const across = (i) => LEFT + (wide - LEFT - right())
    * (view().layers.length < 2 ? .5 : i / (view().layers.length - 1));

  // powers of ten from the lowest to the highest value; what lies beyond 1e±40 is drawn at the edge
  function logScale(values, height, foot) {
    const logs = values.filter((v) => v > 0).map(Math.log10);
    const low = Math.max(-40, Math.floor(Math.min(0, ...logs)));
    const high = Math.min(40, Math.max(low + 1, Math.ceil(Math.max(0, ...logs))));
    const y = (v) => HEAD + (high - Math.min(high, Math.max(low, Math.log10(v)))) / (high - low)
      * (height - HEAD - foot);
    return { low, high, y };
  }

  function line(values, y) {
    let d = "", pen = "M";
    values.forEach((v, i) => {
      if (!(v > 0)) { pen = "M"; return; }
      d += `${pen}${across(i).toFixed(1)},${y(v).toFixed(1)}`;
      pen = "L";
    });
    return d;
  }

  function grid(scale) {
    const marks = [], step = Math.max(1, Math.ceil((scale.high - scale.low) / 5));
    for (let power = scale.low; power <= scale.high; power += step) {
      const at = scale.y(10 ** power);
      marks.push(s("line", { class: "kt-gridline", x1: LEFT, x2: wide - right(), y1: at, y2: at }),
        s("text", { class: "kt-tick", x: LEFT - 6, y: at + 4, "text-anchor": "end" },
          power === 0 ? "1" : power === 1 ? "10" : `1e${power}`));
    }
    return marks;
  }

  // as many names as fit side by side
  function names(height) {
    const layers = view().layers, places = Math.max(1, Math.floor((wide - LEFT - right()) / 100));
    const every = Math.max(1, Math.ceil(layers.length / places));
    return layers.flatMap((l, i) => i % every ? [] : [s("text", { class: "kt-tick", x: across(i),
      y: height - 6, "text-anchor": i ? "middle" : "start" }, shortPath(l.path))]);
  }

  // the end of a path that says most: whole names, the last one cut if it is long
  function shortPath(path) {
    const parts = path.split(".");
    while (parts.length > 1 && parts.join(".").length > 12) parts.shift();
    const end = parts.join(".");
    return end.length > 12 ? end.slice(0, 11) + "…" : end;
  }

  function picture(id, height, words, title, marks) {
    const drawn = s("svg", { viewBox: `0 0 ${wide} ${height}`, class: "kt-close", role: "img",
      "aria-label": words },
    s("text", { class: "kt-tick kt-charttitle", x: LEFT, y: 12 }, title), marks);
    readings[id] ??= {};
    return reader(drawn, `layers: ${title}`, wide, view().layers.map((_, i) => across(i)), told,
      readings[id]);
  }

  // one layer in words
  function told(i) {
    const l = view().layers[i], number = (v) => v === null ? "?" : significant(v, 3);
    const lines = [`${l.path} ${l.kind}`];
    if (view().compared.length) {
      lines.push(...view().compared.map((c) => `${c.name}: ${number(c.squares[i] ?? null)}, `
        + `gradient ${number(c.gradients[i] ?? null)}`));
      return lines.join("\n");
    }
    const expected = (v) => v === null ? "" : `, expected ${significant(v, 3)}`;
    lines.push(`E[h²] ${l.overflow ? "not finite" : number(l.square)}${expected(l.theory)}`);
    lines.push(`E[g²] ${number(l.gradient)}${expected(l.gradientTheory)}`);
    for (const what of ["dead", "saturated"]) {
      if (l[what] !== null) lines.push(`${percent(l[what]) || "0%"} ${what}`);
    }
    return lines.join("\n");
  }

  // stretches of layers that follow each other and have a theory
  function stretches(known) {
    const found = [];
    known.forEach((l, n) => {
      if (!n || l.i !== known[n - 1].i + 1) found.push([]);
      found[found.length - 1].push(l);
    });
    return found;
  }

  // what was measured, over the band of what is expected
  function measured(title, found, theory, spread, cls, height, foot) {
    const layers = view().layers;
    const known = layers.map((l, i) => ({ i, t: l[theory], s: l[spread] })).filter((l) => l.t > 0);
    const scale = logScale(layers.flatMap((l) => [l[found], l[theory]]), height, foot);
    const edge = (part, side) => part.map((l) =>
      `${across(l.i).toFixed(1)},${scale.y(l.t * Math.exp(side * 2 * l.s)).toFixed(1)}`);
    const dots = layers.length > MOST_DOTS ? [] : layers;
    return picture(found, height, words(found, theory), title, [
      ...grid(scale), ...(foot > 10 ? names(height) : []),
      ...stretches(known).map((part) => s("polygon", { class: "kt-band",
        points: [...edge(part, 1), ...edge(part, -1).reverse()].join(" ") })),
      s("path", { class: "kt-law", d: line(layers.map((l) => l[theory]), scale.y) }),
      s("path", { class: cls, d: line(layers.map((l) => l[found]), scale.y) }),
      ...dots.flatMap((l, i) => l[found] > 0 ? [s("circle", { class: `kt-dot ${cls}`,
        cx: across(i), cy: scale.y(l[found]), r: layers.length > 60 ? 2 : 3 })] : []),
    ]);
  }

  function compared(title, field, height, foot, labels) {
    const all = view().compared;
    const scale = logScale(all.flatMap((c) => c[field]), height, foot);
    const at = field === "squares" ? (c) => c.squares[c.squares.length - 1] : (c) => c.gradients[0];
    const lastOnes = all.map((c) => `${c.name} ${significant(at(c) ?? NaN, 2)}`).join(", ");
    const marks = [...grid(scale), ...(foot > 10 ? names(height) : []),
      ...all.map((c, i) => s("path", { class: "kt-comparedline", stroke: COLOURS[i % 8],
        "stroke-dasharray": DASHES[i % 8], d: line(c[field], scale.y) }, s("title", {}, c.name)))];
    return picture(field, height, `${title}: ${lastOnes}`, title, labels ? [...marks, ...ends(scale)] : marks);
  }

  // names beside the ends of the lines, kept apart
  function ends(scale) {
    const found = view().compared.map((c, i) => {
      const last = c.squares.findLastIndex((v) => v > 0);
      const value = last < 0 ? 0 : c.squares[last];
      return { name: c.name, i, value, y: value ? scale.y(value) : scale.y(1e-300) };
    }).sort((a, b) => a.y - b.y);
    let above = -Infinity;
    for (const end of found) { end.at = Math.max(end.y, above + 13); above = end.at; }
    const over = Math.max(0, above - 180);
    return found.map((end) => s("text", { class: "kt-tick", x: wide - right() + 6,
      y: end.at + 4 - over }, s("tspan", { style: { fill: COLOURS[end.i % 8] } }, "■ "),
    `${end.name.split(" ")[0]} ${significant(end.value, 2)}`));
  }

  // dead units and saturated outputs, as shares
  function units() {
    const layers = view().layers;
    if (!layers.some((l) => l.dead !== null || l.saturated !== null)) return [];
    const height = 66, foot = 6, tall = height - HEAD - foot;
    const thick = Math.max(2, Math.min(18, (wide - LEFT - 14) / layers.length * .6));
    const bars = layers.flatMap((l, i) => [["dead", l.dead], ["saturated", l.saturated]]
      .filter(([, share]) => share !== null)
      .map(([what, share]) => s("rect", { class: `kt-${what}`, x: across(i) - thick / 2,
        width: thick, y: height - foot - Math.max(share * tall, 1),
        height: Math.max(share * tall, 1) })));
    const most = (field) => Math.max(0, ...layers.map((l) => l[field] ?? 0));
    return [picture("units", height, `units: at most ${percent(most("dead")) || "0%"} dead, `
      + `${percent(most("saturated")) || "0%"} saturated`, "dead units, saturated outputs", [
      ...[0, 1].flatMap((v) => [s("line", { class: "kt-gridline", x1: LEFT, x2: wide - 14,
        y1: height - foot - v * tall, y2: height - foot - v * tall }),
      s("text", { class: "kt-tick", x: LEFT - 6, y: height - foot - v * tall + 4,
        "text-anchor": "end" }, v ? "100%" : "0")]), ...bars])];
  }

  function words(field, theory) {
    const layers = view().layers, gradients = field === "gradient";
    const end = gradients ? layers[0] : layers[layers.length - 1];
    return end ? `mean square of ${gradients ? "gradients" : "activations"} through `
      + `${layers.length} layers, at the ${gradients ? "first" : "last"} `
      + `${significant(end[field] ?? NaN, 2)}`
      + (end[theory] === null ? "" : `, expected ${significant(end[theory], 2)}`) : "no layers";
  }

  function charts() {
    if (!view().layers.length) return [h("div", { class: "kt-note" }, "no layer was reached")];
    if (view().compared.length) {
      return [compared("activations, E[h²]", "squares", 200, 8, true),
        compared("gradients, E[g²]", "gradients", 160, 24, false)];
    }
    return [measured("activations, E[h²]", "square", "theory", "spread", "kt-measured", 170, 8),
      ...units(),
      measured("gradients, E[g²]", "gradient", "gradientTheory", "gradientSpread",
        "kt-gradientline", 170, 24)];
  }

  function legend() {
    const current = view();
    if (current.compared.length) {
      return h("div", { class: "kt-legend" },
        current.compared.map((c, i) => h("span", {}, s("svg", { width: 22, height: 8,
          "aria-hidden": "true" }, s("line", { x1: 0, x2: 22, y1: 4, y2: 4, stroke: COLOURS[i % 8],
          "stroke-width": 2, "stroke-dasharray": DASHES[i % 8] })), " ", c.name)),
        h("span", {}, "each drew the weights of a copy"),
        button("back to the model", () => ask("forget"), { class: "kt-quiet" }));
    }
    const key = (cls) => h("span", { class: `kt-lawkey ${cls}`, "aria-hidden": "true" });
    return h("div", { class: "kt-legend" },
      h("span", {}, key("kt-measuredkey"), "activations"),
      h("span", {}, key("kt-gradientkey"), "gradients"),
      h("span", {}, key(""), "expected, with ±2 sd of the log"),
      current.source ? h("span", {}, `with ${current.source}`) : null);
  }

  // ------------------------------------------------------------------ tables

  const cells = (rows, right, first = 1) => h("tbody", {}, rows.map((row) => h("tr", {},
    row.map((text, i) => i < first ? h("th", { scope: "row", class: "kt-own" }, text)
      : h("td", { class: i >= right ? "kt-right" : null }, text)))));
  const heads = (texts, right) => h("thead", {}, h("tr", {}, texts.map((text, i) =>
    h("th", { scope: "col", class: i >= right ? "kt-right" : null }, text))));
  const scrolled = (label, ...parts) => h("div", { class: "kt-scroll", tabindex: "0", role: "region",
    "aria-label": label }, h("table", { class: "kt-table", "aria-label": label }, parts));

  function layerTable() {
    if (view().compared.length) {
      return scrolled("initializers compared",
        heads(["initializer", "last E[h²]", "expected", "first E[g²]", "expected", "dead",
          "saturated"], 1), cells(view().compared.map((c) => c.cells), 1));
    }
    const number = (v) => v === null ? "" : significant(v, 3);
    const share = (v) => v === null ? "" : percent(v) || "0%";
    return scrolled("layers", heads(["layer", "module", "E[h²]", "expected", "E[g²]", "expected",
      "dead", "saturated"], 2),
    cells(view().layers.map((l) => [l.path, l.kind, l.overflow ? "not finite" : number(l.square),
      number(l.theory), number(l.gradient), number(l.gradientTheory), share(l.dead),
      share(l.saturated)]), 2));
  }

  // counts, the law's curve and what was there before, per weight
  function distributions() {
    const take = floats(model.get("bins"));
    return view().weights.map((row) => ({ ...row, counts: take(row.bins),
      curve: row.law ? take(row.bins) : null,
      old: row.before.length ? take(row.before[2]) : null }));
  }

  function distribution(row) {
    const width = 130, height = 22;
    const low = Math.min(row.low, row.old ? row.before[0] : row.low);
    const high = Math.max(row.high, row.old ? row.before[1] : row.high);
    const x = (v) => (v - low) / (high - low) * width;
    const density = (counts, from, to) => {
      const share = counts.length / (to - from) / Math.max(1, counts.reduce((a, b) => a + b, 0));
      return [...counts].map((c) => c * share);
    };
    const now = density(row.counts, row.low, row.high);
    const law = row.curve && density(row.curve, row.low, row.high);
    const old = row.old && density(row.old, row.before[0], row.before[1]);
    const top = Math.max(...now, ...(law || []), ...(old || []), 1e-300);
    const stairs = (values, from, to, closed) => {
      const step = (to - from) / values.length;
      let d = `M${x(from).toFixed(1)},${height}`;
      values.forEach((v, i) => {
        d += `V${(height - v / top * (height - 2)).toFixed(1)}H${x(from + (i + 1) * step).toFixed(1)}`;
      });
      return closed ? `${d}V${height}Z` : `${d}V${height}`;
    };
    return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
      "aria-label": row.words },
    s("path", { class: "kt-bars", d: stairs(now, row.low, row.high, true) }),
    old ? s("path", { class: "kt-before", d: stairs(old, row.before[0], row.before[1]) }) : null,
    law ? s("path", { class: "kt-law", d: stairs(law, row.low, row.high) }) : null);
  }

  function verdict(row) {
    if (row.odd) return h("td", { class: "kt-misfits" }, `! ${row.odd}`);
    if (!row.law) return h("td", { class: "kt-muted" }, "no law known");
    if (row.changed) return h("td", { class: "kt-muted" }, "changed since");
    return row.fits ? h("td", { class: "kt-fits" }, "✓ consistent")
      : h("td", { class: "kt-misfits" }, "✗ not consistent");
  }

  function weightRow(row) {
    const choice = select(`initializer of ${row.name}`, row.by);
    choice.value = row.by.includes(state.chosen[row.name]) ? state.chosen[row.name] : row.by[0];
    choice.addEventListener("change", () => { state.chosen[row.name] = choice.value; });
    const sd = row.sd === null ? "" : significant(row.sd, 3);
    return h("tr", {}, h("th", { scope: "row", class: "kt-own" }, row.name),
      h("td", { class: "kt-muted" }, row.shape), h("td", {}, distribution(row)),
      h("td", { class: "kt-right" }, sd),
      h("td", { class: "kt-right kt-muted" },
        row.sdExpected === null ? "" : significant(row.sdExpected, 3)),
      h("td", { class: "kt-lawname", title: row.law }, row.law), verdict(row),
      h("td", { class: "kt-acts" }, choice, " ", button("draw", () => draw(row.name, choice.value),
        { "aria-label": `draw ${row.name}` })));
  }

  function weightTable() {
    const rows = distributions().filter((row) => state.biases || !row.bias);
    const texts = ["weight", "shape", "distribution", "sd", "expected", "law", unseen("fit"),
      "draw by"];
    return scrolled("weights", h("thead", {}, h("tr", {}, texts.map((text, i) =>
      h("th", { scope: "col", class: i === 3 || i === 4 ? "kt-right" : null }, text)))),
    h("tbody", {}, rows.map(weightRow)));
  }

  function warnings(layers) {
    const found = [], some = (n) => `${n} layer${n === 1 ? "" : "s"}`;
    const dead = layers.filter((l) => l.dead > .2).length;
    const full = layers.filter((l) => l.saturated > .5).length;
    const bad = layers.filter((l) => l.overflow).length;
    const off = layers.filter((l) => l.square > 0 && l.theory > 0
      && Math.abs(Math.log(l.square / l.theory)) > 2 * l.spread + .2).length;
    if (bad) found.push(`${some(bad)} not finite`);
    if (off) found.push(`${some(off)} off the band`);
    if (dead) found.push(`${some(dead)} with more than 20% dead units`);
    if (full) found.push(`${some(full)} saturated`);
    return found.map((text) => h("span", { class: "kt-misfits" }, "! " + text));
  }

  function show() {
    const current = view();
    const focus = document.activeElement?.getAttribute?.("aria-label");
    const inside = weights.contains(document.activeElement);
    const scroll = weights.querySelector(".kt-scroll")?.scrollTop || 0;
    wide = Math.max(300, (place.clientWidth || 924) - 24);
    place.replaceChildren(...(state.table ? [layerTable()] : charts()),
      ...(current.layers.length || current.compared.length ? [legend()] : []));
    weights.replaceChildren(weightTable());
    weights.querySelector(".kt-scroll").scrollTop = scroll;
    if (inside && focus) {
      [...weights.querySelectorAll("[aria-label]")]
        .find((e) => e.getAttribute("aria-label") === focus)?.focus({ preventScroll: true });
    }
    undo.disabled = !current.undo;
    undo.title = current.undo ? `undo ${current.undo}` : "";
    panel.title.textContent = "initializers";
    panel.figures.replaceChildren(h("span", {}, h("b", {}, current.layers.length), " layers"),
      ...(current.compared.length ? [] : warnings(current.layers)));
    const notes = [current.failure ? `the forward failed: ${current.failure}` : "",
      current.hidden ? `${current.hidden} more weights are not shown` : ""];
    panel.notes.replaceChildren(...notes.filter(Boolean).map((text) => h("div", {}, text)));
  }

  panel.line(state.language === "k" ? `.ui.init ${view().name}`
    : `InitializerPanel(${view().name})`, state.language);
  show();
  model.on("change:view", show);
  const unwatch = onWidth(place, show);
  return () => { unwatch(); model.off("change:view", show); panel.end(); };
}

export default { render };
