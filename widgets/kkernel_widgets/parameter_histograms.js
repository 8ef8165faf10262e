// Small multiples of histograms; one can be looked at closely. Bars are counts, the line is what
// the law lets expect, the outline is what was there before.

function render({ model, el }) {
  const panel = frame(el, model, "histograms");
  const state = {
    log: false, table: false, filter: "", chosen: null, language: model.get("view").language,
  };
  const view = () => model.get("view");
  const show = (text) => panel.line(text, state.language);

  const search = h("input", {
    type: "search", class: "kt-search", placeholder: "filter", "aria-label": "filter parameters",
    oninput: () => { state.filter = search.value.trim().toLowerCase(); draw(); askFilter(); },
  });
  let filtering = false;

  // the kernel picks among more tensors than are shown; one question at a time
  function askFilter() {
    if (filtering || state.filter === view().filter || !(view().hidden || view().filter)) return;
    filtering = true;
    model.send({ do: "filter", text: state.filter });
  }

  // 0 bins: as many as the count of numbers bears
  const bins = h("input", { type: "range", min: 0, max: 62, step: 1, class: "kt-range",
    "aria-label": "bins", oninput: () => setBins(Number(bins.value)) });
  const binsWord = h("span", { class: "kt-binsword" });
  let asked = null;

  function setBins(count) {
    binsWord.textContent = count ? `${count} bins` : "auto bins";
    if (asked === null) model.send({ do: "bins", bins: count });
    asked = count;  // one question at a time: the last one is asked when the answer is here
  }

  function binsAnswered() {
    const last = asked;
    asked = null;
    if (last !== null && last !== view().bins) setBins(last);
  }

  const sort = h("select", {
    class: "kt-select", "aria-label": "tensors to show",
    onchange: () => { state.chosen = null; model.send({ do: "show", sort: sort.value }); },
  });
  panel.title.after(sort);
  panel.tools.append(
    search, h("label", { class: "kt-toggle" }, bins, binsWord),
    segmented("scale of counts", [[false, "lin"], [true, "log"]], false, (log) => {
      state.log = log;
      draw();
    }),
    button("mark", () => model.send({ do: "mark" }),
      { title: "compare from now on with the present contents" }),
    toggle("table", false, (on) => { state.table = on; draw(); }),
  );
  const place = h("div", { class: "kt-charts" }), reading = {};
  panel.body.append(place);
  place.addEventListener("keydown", moveBetweenCards);

  // ------------------------------------------------------------------ data

  function tensors() {
    const take = floats(model.get("bins"));
    return view().rows.map((row, i) => {
      const counts = take(row.bins);
      const curve = row.law ? take(row.bins) : null;
      const outline = view().before[i];
      const before = outline.length ? take(outline[2]) : null;
      return { ...row, counts, curve, before, outline };
    });
  }

  // ------------------------------------------------------------------ one picture

  // counts of other bins are brought to this picture's bin width
  function chart(t, width, height, close) {
    const low = t.outline.length ? Math.min(t.low, t.outline[0]) : t.low;
    const high = t.outline.length ? Math.max(t.high, t.outline[1]) : t.high;
    const step = (t.high - t.low) / t.bins;
    const foot = close ? 22 : 2, left = close ? 46 : 0;
    const x = (v) => left + (v - low) / (high - low) * (width - left);
    const ratio = t.before ? step / ((t.outline[1] - t.outline[0]) / t.outline[2]) : 1;
    const top = Math.max(1, ...t.counts, ...(t.curve || []),
      ...(t.before ? [...t.before].map((c) => c * ratio) : []));
    const tall = height - foot - 4;
    const scale = state.log ? (c) => Math.log1p(c) / Math.log1p(top) : (c) => c / top;
    const y = (c) => height - foot - scale(c) * tall;
    const bars = stairs(t.counts, t.low, step, x, y, height - foot);
    const marks = [s("path", { d: bars, class: "kt-bars" })];
    if (t.before) {
      const width2 = (t.outline[1] - t.outline[0]) / t.outline[2];
      const counts = [...t.before].map((c) => c * ratio);
      marks.push(s("path", { class: "kt-before",
        d: stairs(counts, t.outline[0], width2, x, y, height - foot) }));
    }
    if (t.curve) marks.push(s("path", { class: "kt-law", d: curve(t, step, x, y) }));
    marks.push(s("line", { class: "kt-axis", x1: left, x2: width, y1: height - foot + .5,
      y2: height - foot + .5 }));
    if (close) marks.push(...axes(t, low, high, x, y, top, height, foot, width, left));
    return s("svg", {
      viewBox: `0 0 ${width} ${height}`, class: close ? "kt-close" : "kt-small",
      role: "img", "aria-label": t.words, preserveAspectRatio: "none",
    }, marks);
  }

  function stairs(counts, low, step, x, y, base) {
    let d = `M${x(low).toFixed(2)},${base}`;
    counts.forEach((c, i) => {
      const up = y(c).toFixed(2);
      d += `V${up}H${x(low + (i + 1) * step).toFixed(2)}`;
    });
    return d + `V${base}Z`;
  }

  function curve(t, step, x, y) {
    const top = Math.max(...t.curve);
    const jumps = t.curve.some((c, i) => i && Math.abs(c - t.curve[i - 1]) > .3 * top);
    if (jumps) return stairs(t.curve, t.low, step, x, y, y(0));
    const points = [...t.curve].map((c, i) => [t.low + (i + .5) * step, c]);
    points.unshift([t.low, t.curve[0]]);
    points.push([t.low + t.bins * step, t.curve[t.bins - 1]]);
    return points.map(([v, c], i) => `${i ? "L" : "M"}${x(v).toFixed(2)},${y(c).toFixed(2)}`).join("");
  }

  function axes(t, low, high, x, y, top, height, foot, width, left) {
    const marks = [];
    const across = ticks(low, high, 6), apart = across[1] - across[0] || high - low;
    const digits = Math.max(3,
      Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / apart)) + 1);
    for (const v of across) {
      marks.push(s("line", { class: "kt-axis", x1: x(v), x2: x(v), y1: height - foot,
        y2: height - foot + 4 }));
      marks.push(s("text", { class: "kt-tick", x: x(v), y: height - 5, "text-anchor": "middle" },
        significant(v, Math.min(9, digits))));
    }
    const heights = state.log ? powers(top) : ticks(0, top, 3);
    for (const c of heights) {
      if (c > top) continue;
      marks.unshift(s("line", { class: "kt-gridline", x1: left, x2: width, y1: y(c), y2: y(c) }));
      marks.push(s("text", { class: "kt-tick", x: left - 5, y: y(c) + 4, "text-anchor": "end" },
        short(c)));
    }
    return marks;
  }

  function ticks(low, high, most) {
    const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= raw);
    const found = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step / 1e6; v += step) {
      found.push(Math.abs(v) < step / 1e6 ? 0 : v);
    }
    return found;
  }

  function powers(top) {
    const found = [];
    for (let c = 1; c <= top; c *= 10) found.push(c);
    return found.length > 4 ? found.filter((_, i) => i % 2 === 0) : found;
  }

  // the close picture, whose bins can be read one by one
  function readableChart(t) {
    const wide = Math.max(280, (place.clientWidth || 884) - 24), left = 46;
    const low = t.outline.length ? Math.min(t.low, t.outline[0]) : t.low;
    const high = t.outline.length ? Math.max(t.high, t.outline[1]) : t.high;
    const step = (t.high - t.low) / t.bins;
    const xs = [...t.counts].map((_, i) =>
      left + (t.low + (i + .5) * step - low) / (high - low) * (wide - left));
    const words = (i) => `${significant(t.low + i * step)} to ${significant(t.low + (i + 1) * step)}: `
      + `${thousands(t.counts[i])} numbers (${percent(t.counts[i] / t.n) || "0%"})`
      + (t.curve ? `\nexpected ${significant(t.curve[i], 3)}` : "");
    return reader(chart(t, wide, 220, true), `bins of ${t.name}`, wide, xs, words, reading);
  }

  // ------------------------------------------------------------------ words about it

  function verdict(t) {
    if (!t.law) return h("span", { class: "kt-muted" }, "no law known");
    if (t.law.changed) return h("span", { class: "kt-muted" }, "changed since it was drawn");
    const p = t.law.p === null ? "" : ` p ${significant(t.law.p, 2)}`;
    return t.law.consistent
      ? h("span", { class: "kt-fits" }, "✓ consistent" + p)
      : h("span", { class: "kt-misfits" }, "✗ not consistent" + p);
  }

  // the card has room for a mark and p only; the words are in its title and in the close-up
  function shortVerdict(t) {
    if (!t.law) return h("span", { class: "kt-muted" }, "");
    if (t.law.changed) return h("span", { class: "kt-muted" }, "changed since");
    const text = `${t.law.consistent ? "✓" : "✗"} p ${significant(t.law.p, 2)}`;
    return h("span", { class: t.law.consistent ? "kt-fits" : "kt-misfits" }, text);
  }

  function card(t) {
    const theory = t.law && t.law.sd !== null ? ` (${significant(t.law.sd, 3)})` : "";
    const odd = t.odd.filter((word) => /NaN|Inf/.test(word));
    return h("button", {
      type: "button", class: "kt-card", "data-name": t.name, title: t.words,
      tabindex: "-1", "aria-pressed": String(t.name === state.chosen),
      onclick: () => choose(t.name === state.chosen ? null : t.name),
    },
    h("span", { class: "kt-cardhead" }, h("span", { class: "kt-own" }, t.name),
      h("span", { class: "kt-muted" }, t.shape)),
    chart(t, 220, 64, false),
    h("span", { class: "kt-ends" }, bothEnds(t.low, t.high).map((text) => h("span", {}, text))),
    h("span", { class: "kt-cardfoot" },
      h("span", {}, t.sd === null ? "" : `sd ${significant(t.sd, 3)}${theory}`),
      odd.length ? h("span", { class: "kt-misfits" }, "! " + odd.join(", "))
        : shortVerdict(t)),
    h("span", { class: "kt-cardlaw" }, t.law ? t.law.words : "no law known"));
  }

  function closeUp(t) {
    const figure = (word, value) => value === null || value === undefined ? null
      : h("span", {}, word, " ", h("b", {}, value));
    const number = (v, digits) => v === null ? null : significant(v, digits);
    const law = t.law;
    return h("div", { class: "kt-closeup" },
      h("div", { class: "kt-closehead" }, h("span", { class: "kt-own" }, t.name),
        h("span", { class: "kt-muted" }, `${t.shape}  ${t.dtype}`),
        button("close", () => choose(null), { class: "kt-quiet" })),
      readableChart(t),
      h("div", { class: "kt-figures kt-wrap" },
        figure("n", thousands(t.n)), figure("mean", number(t.mean)), figure("sd", number(t.sd)),
        figure("min", number(t.min)), figure("max", number(t.max)),
        t.odd.map((word) => h("span", { class: /NaN|Inf/.test(word) ? "kt-misfits" : null }, word))),
      law ? h("div", { class: "kt-figures kt-wrap" },
        h("span", {}, h("span", { class: "kt-lawkey", "aria-hidden": "true" }), law.by, ": ",
          h("b", {}, law.words)),
        figure("theory sd", number(law.sd)),
        law.test === "KS" ? figure("KS D", number(law.statistic, 3)) : null,
        verdict(t)) : null);
  }

  function table(shown) {
    const heads = ["parameter", "shape", "n", "mean", "sd", "theory", "min", "max",
      unseen("odd numbers"), "law", "p", unseen("verdict")];
    const number = (v) => v === null ? "" : significant(v);
    return h("div", { class: "kt-scroll", tabindex: "0", role: "region", "aria-label": "tensors" },
      h("table", { class: "kt-table" },
      h("thead", {}, h("tr", {}, heads.map((text, i) =>
        h("th", { scope: "col", class: i >= 2 && i <= 7 ? "kt-right" : null }, text)))),
      h("tbody", {}, shown.map((t) => h("tr", {},
        h("th", { scope: "row", class: "kt-own" }, t.name), h("td", {}, t.shape),
        [thousands(t.n), number(t.mean), number(t.sd), t.law ? number(t.law.sd) : "",
          number(t.min), number(t.max)].map((text) => h("td", { class: "kt-right" }, text)),
        h("td", {}, t.odd.join(", ")), h("td", {}, t.law ? t.law.words : ""),
        h("td", { class: "kt-right" }, t.law && t.law.p !== null ? significant(t.law.p, 2) : ""),
        h("td", {}, verdict(t)))))));
  }

  // ------------------------------------------------------------------ acts

  function choose(name) {
    if (name !== state.chosen) Object.assign(reading, { at: 0, on: false, focused: false });
    state.chosen = name;
    show(chosenLine());
    draw();
  }

  function chosenLine() {
    const name = view().name, chosen = state.chosen, sort = view().title;
    const text = JSON.stringify(chosen);
    if (!chosen) return view().line;
    if (state.language === "k") {
      const made = { parameters: "parm", buffers: "buffer" }[sort];
      const word = /^[A-Za-z0-9_.]+$/.test(chosen) ? `\`${chosen}` : `\`$${text}`;
      return made ? `${made}(${name};${word})` : view().line;
    }
    return { parameters: `${name}.get_parameter(${text})`, buffers: `${name}.get_buffer(${text})`,
      gradients: `${name}.get_parameter(${text}).grad` }[sort] || view().line;
  }

  function moveBetweenCards(event) {
    const cards = [...place.querySelectorAll(".kt-card")];
    const at = cards.indexOf(document.activeElement);
    if (at < 0) return;
    const across = Math.max(1, cards.findIndex((c) => c.offsetTop > cards[0].offsetTop));
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
    if (!(event.key in moves)) return;
    const next = cards[Math.max(0, Math.min(cards.length - 1, at + moves[event.key]))];
    cards.forEach((c) => c.setAttribute("tabindex", c === next ? "0" : "-1"));
    next.focus();
    keep(event);
  }

  function draw() {
    const all = tensors();
    const shown = all.filter((t) => t.name.toLowerCase().includes(state.filter));
    const focused = document.activeElement?.closest?.(".kt-card")
      && place.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const chosen = all.find((t) => t.name === state.chosen);
    const grid = !shown.length
      ? h("div", { class: "kt-empty" }, all.length || state.filter ? "no tensor matches" : `no ${view().title}`)
      : state.table ? table(shown) : h("div", { class: "kt-grid" }, shown.map(card));
    place.replaceChildren(...(chosen ? [closeUp(chosen)] : []), grid);
    const cards = [...place.querySelectorAll(".kt-card")];
    const at = cards.find((c) => c.dataset.name === (focused || state.chosen)) || cards[0];
    at?.setAttribute("tabindex", "0");
    if (focused) at?.focus();
    if (asked === null) {
      bins.value = String(view().bins);
      binsWord.textContent = view().bins ? `${view().bins} bins` : "auto bins";
    }
    const sorts = view().sorts;
    sort.replaceChildren(...sorts.map((name) => h("option", { value: name }, name)));
    sort.value = view().title;
    sort.hidden = sorts.length < 2;
    panel.title.textContent = sort.hidden ? view().title : "";
    const judged = all.filter((t) => t.law && !t.law.changed);
    const off = judged.filter((t) => !t.law.consistent).length;
    const bad = all.filter((t) => t.finite < t.n).length;
    panel.figures.replaceChildren(
      h("span", {}, h("b", {}, all.length), " tensors"),
      judged.length ? h("span", {}, h("b", {}, judged.length - off), ` of ${judged.length} fit`)
        : "",
      bad ? h("span", { class: "kt-misfits" }, `${bad} not finite`) : "");
    panel.notes.replaceChildren(
      view().hidden ? `${thousands(view().hidden)} more: filter by name to see them` : "");
  }

  show(chosenLine());
  draw();
  const changed = () => { draw(); binsAnswered(); filtering = false; askFilter(); };
  model.on("change:view", changed);
  const unwatch = onWidth(place, () => { if (state.chosen) draw(); });
  return () => { unwatch(); model.off("change:view", changed); panel.end(); };
}

export default { render };
