"use strict";
// Charts: each figure holds a picture, which stays where scripts do not run, and the specification that replaces it.
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (name, fields = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), fields);
    made.append(...inside);
    return made;
  };
  const figures = all("figure.chart");

  const unpack = (text, kind) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream(kind))).text();
  };
  let library;
  const load = () =>
    (library ??= (async () => {
      if (window.vegaEmbed) return;
      const code = await unpack(document.getElementById("library").textContent, "gzip");
      document.head.append(make("script", { textContent: code }));
    })());

  const cell = (value) => {
    const words = value === null || value === undefined ? "" : String(value);
    const text = typeof value === "string" && /^\s*[=+\-@\t\r]/.test(words) ? `'${words}` : words; // no formula of a spreadsheet
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const columnsOf = (rows) => [...new Set(rows.flatMap(Object.keys))];
  const csv = (rows) => {
    const columns = columnsOf(rows);
    return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map((row) => row.map(cell).join(",")).join("\n") + "\n";
  };
  const save = (name, type, text) => {
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const shown = (value) => (typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(5))) : (value ?? ""));
  const table = (rows, name) => {
    const columns = columnsOf(rows);
    const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col", textContent: column })));
    const body = rows.slice(0, 500).map((row) => make("tr", {}, ...columns.map((c) => make("td", { textContent: shown(row[c]) }))));
    const made = make("table", {}, make("caption", { textContent: name }), make("thead", {}, head), make("tbody", {}, ...body));
    sortable(made);
    return made;
  };

  const tools = (figure, spec, number) => {
    const sets = Object.values(spec.datasets ?? {}).filter((rows) => Array.isArray(rows) && rows.length && typeof rows[0] === "object");
    const name = (document.title.split(" · ").reverse().join("-") + `-chart-${number}`).toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(-80);
    const body = make("div", { className: "table", tabIndex: 0, role: "region", ariaLabel: `Data of chart ${number}` });
    const details = make("details", {}, make("summary", { textContent: "Data" }), body);
    details.addEventListener("toggle", () => {
      if (details.open && !body.firstChild) body.append(...sets.map((rows, i) => table(rows, `Table ${i + 1}: ${rows.length} rows`)));
    });
    const buttons = sets.map((rows, i) => {
      const label = sets.length > 1 ? `CSV ${i + 1}` : "CSV";
      const button = make("button", { type: "button", textContent: label, title: "Download the data of this chart" });
      button.addEventListener("click", () => save(`${name}${i ? `-${i + 1}` : ""}.csv`, "text/csv", csv(rows)));
      return button;
    });
    const picture = make("button", { type: "button", textContent: "SVG", title: "Download this chart as a picture" });
    picture.addEventListener("click", async () => save(`${name}.svg`, "image/svg+xml", await (await figure.view).view.toSVG()));
    const { file } = spec.usermeta ?? {}; // a text that the chart itself makes of where its sliders stand
    if (file) {
      const button = make("button", { type: "button", textContent: file.label, title: `Download ${file.name}` });
      button.addEventListener("click", async () => save(file.name, "text/plain", (await figure.view).view.signal(file.signal)));
      buttons.push(button);
    }
    figure.append(make("figcaption", {}, ...buttons, picture, ...(sets.length ? [details] : [])));
  };

  // Where sliders and selectors stand is part of the page's address, so that it can be sent as a link.
  const remember = (figure, spec, view) => {
    const stated = new Map((spec.params ?? []).filter((one) => one.bind && one.value !== undefined).map((one) => [one.name, one.value]));
    if (!stated.size) return;
    const sent = new URLSearchParams(location.hash.slice(1));
    const asked = [...stated].filter(([name]) => sent.has(name));
    asked.forEach(([name, value]) => {
      const { options, min, max } = spec.params.find((one) => one.name === name).bind;
      const text = sent.get(name);
      const number = Number(text);
      if (options?.includes(text)) view.signal(name, text);
      else if (typeof value === "number" && number >= min && number <= max) view.signal(name, number);
    });
    const write = () => {
      const moved = [...stated].map(([name]) => [name, String(view.signal(name))]).filter(([name, now]) => now !== String(stated.get(name)));
      history.replaceState(null, "", moved.length ? `#${new URLSearchParams(moved)}` : location.pathname + location.search);
    };
    stated.forEach((_, name) => view.addSignalListener(name, write));
    if (asked.length) view.runAsync().then(() => figure.scrollIntoView());
  };

  const draw = (figure, number) =>
    (figure.view ??= (async () => {
      await load();
      const room = figure.clientWidth || document.getElementById("main").clientWidth;
      const spec = fit.specFor(JSON.parse(await unpack(figure.dataset.spec, "deflate")), room);
      const host = make("div", { ariaLabel: figure.dataset.label });
      figure.prepend(make("div", { className: "canvas" }, host));
      const view = await vegaEmbed(host, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: "custom" } });
      await fit.squeeze(spec, view.view, () => host.querySelector("svg"), room);
      // Marks of which none says anything (an empty layer, a rule) are no picture without words.
      all('[role="graphics-symbol"]:not([aria-label])', host).forEach((marks) => marks.querySelector("[aria-label]") || marks.removeAttribute("role"));
      figure.querySelector(":scope > img")?.remove();
      if (!figure.querySelector("figcaption")) tools(figure, spec, number);
      remember(figure, spec, view.view);
      return view;
    })().catch((fault) => {
      figure.append(make("p", { className: "fault", textContent: `This chart cannot be drawn here: ${fault.message}` }));
      console.error(fault);
    }));

  const near = new IntersectionObserver((entries) => entries.forEach((e) => e.isIntersecting && draw(e.target, figures.indexOf(e.target) + 1)), {
    rootMargin: "600px",
  });
  figures.forEach((figure) => near.observe(figure));
  const rest = () => figures.reduce((before, figure, i) => before.then(() => draw(figure, i + 1)), Promise.resolve());
  (window.requestIdleCallback ?? setTimeout)(rest);
  addEventListener("beforeprint", rest);
  // A phone that is turned has other room.
  matchMedia("(max-width: 40rem)").addEventListener("change", () =>
    figures.filter((figure) => figure.view).forEach(async (figure) => {
      (await figure.view)?.finalize();
      figure.querySelector(":scope > .canvas")?.remove();
      delete figure.view;
      draw(figure, figures.indexOf(figure) + 1);
    }),
  );
  // What is folded on screen is there on paper.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details.detail:not([open])");
    folded.forEach((fold) => (fold.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));

  // Tables of eight rows and more sort by a click on a heading.
  const worth = (text) => {
    const number = Number(text.replace(/[$,×%\s]|million|tokens?/g, "").replace("−", "-"));
    return text.trim() === "" || Number.isNaN(number) ? text.trim().toLowerCase() : number;
  };
  function sortable(whole) {
    const body = whole.tBodies[0];
    if (!body || body.rows.length < 8 || all("[rowspan]:not([rowspan='1'])", body).length) return;
    [...(whole.tHead?.rows[whole.tHead.rows.length - 1]?.cells ?? [])].forEach((head, column) => {
      if (!head.textContent.trim() || head.colSpan > 1) return;
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        [...head.parentNode.cells].forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [worth(row.cells[column]?.textContent ?? ""), row]);
        const order = ([a], [b]) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1);
        body.append(...rows.sort((a, b) => (up ? order(a, b) : order(b, a))).map(([, row]) => row));
      });
    });
  }
  // Words stand left, numbers right, whoever wrote the table.
  const aligned = (whole) => {
    const rows = [...(whole.tBodies[0]?.rows ?? [])];
    const heads = whole.tHead?.rows[whole.tHead.rows.length - 1]?.cells ?? [];
    for (let column = 0; column < (rows[0]?.cells.length ?? 0); column++) {
      const texts = rows.map((row) => row.cells[column]?.textContent.trim() ?? "").filter(Boolean);
      const numbers = texts.filter((text) => /^[~<>≈$−+-]?\$?\d/.test(text) && text.length < 28).length * 2 > texts.length;
      const kinds = numbers ? ["number"] : texts.some((text) => text.length > 28) ? ["words", "long"] : ["words"];
      rows.forEach((row) => row.cells[column]?.classList.add(...kinds));
      heads[column]?.classList.add(...kinds.filter((kind) => kind !== "number"));
    }
  };
  all("main table:not(.answers)").forEach(aligned);
  all("table:not(.answers)").forEach(sortable);

  // What is wider than its place says so: on a phone nothing else shows that there is more.
  const wide = new ResizeObserver((entries) =>
    entries.forEach(({ target }) => target.classList.toggle("wide", target.scrollWidth > target.clientWidth + 4)),
  );
  all(".table, .chart, .said").forEach((one) => wide.observe(one));

  // All code at once, a filter for long lists, and where in the report the reader is.
  const codes = all("details.code");
  const button = document.getElementById("code-switch");
  if (button && codes.length) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Hide code" : "Show code";
      codes.forEach((code) => (code.open = open));
    });
  }
  const filter = document.getElementById("filter");
  if (filter) {
    const groups = all("main tbody");
    const rows = all("main tbody tr:not(.group)");
    const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const count = document.getElementById("count");
    const order = document.getElementById("order");
    const changed = document.getElementById("changed");
    const folds = new Map(); // the button of a group, where there are groups
    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      const kept = rows.filter((row) => words.every((word) => text.get(row).includes(word)) && (!changed?.checked || "changed" in row.dataset));
      const isNarrow = kept.length < rows.length;
      const found = new Set(kept);
      groups.forEach((group) => {
        const own = [...group.rows].filter((row) => text.has(row));
        // What a filter finds is shown, folded or not.
        const isOpen = isNarrow || folds.get(group)?.getAttribute("aria-expanded") !== "false";
        own.forEach((row) => (row.hidden = !found.has(row) || !isOpen));
        group.hidden = !own.some((row) => found.has(row));
      });
      count.textContent = isNarrow ? `${kept.length} of ${rows.length}` : `${rows.length}`;
    };
    const places = {
      name: (row) => row.dataset.name,
      value: (row) => Number(row.dataset.value ?? Infinity),
      changed: (row) => ("changed" in row.dataset ? 0 : 1),
    };
    const sort = () => {
      const place = places[order.value];
      const before = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);
      groups.forEach((group) => {
        const own = [...group.rows].filter((row) => text.has(row)).map((row) => [place(row), row]);
        group.append(...own.sort(before).map(([, row]) => row));
      });
    };
    const unfold = (group, isOpen) => {
      folds.get(group)?.setAttribute("aria-expanded", String(isOpen));
      show();
    };
    // On a phone a long list begins with its groups alone.
    const isFolded = document.querySelector("table.answers.many") && matchMedia("(max-width: 60rem)").matches;
    all("table.answers .group th").forEach((head) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      const group = head.closest("tbody");
      button.setAttribute("aria-expanded", String(!isFolded));
      button.addEventListener("click", () => unfold(group, button.getAttribute("aria-expanded") === "false"));
      head.append(button);
      folds.set(group, button);
    });
    all(".groups a").forEach((link) => {
      const group = document.getElementById(link.hash.slice(1)).closest("tbody");
      link.addEventListener("click", () => unfold(group, true));
    });
    filter.closest(".find").hidden = false;
    filter.addEventListener("input", show);
    changed?.addEventListener("change", show);
    order?.addEventListener("change", sort);
    // A browser that comes back to the page has kept what was typed and chosen.
    show();
    if (order && order.value !== "name") sort();
  }
  const links = new Map(all(".contents a").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const reading = new IntersectionObserver(
    (entries) =>
      entries.forEach((entry) => {
        if (!entry.isIntersecting) return;
        links.forEach((link) => link.removeAttribute("aria-current"));
        links.get(entry.target.id)?.setAttribute("aria-current", "location");
      }),
    { rootMargin: "0px 0px -70% 0px" },
  );
  all("main h2[id], main h3[id]").forEach((heading) => reading.observe(heading));
})();
