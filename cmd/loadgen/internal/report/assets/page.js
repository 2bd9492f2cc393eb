"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = (size) => size + "px system-ui, sans-serif";
  const group = (s) => s.replace(/\B(?=(\d{3})+$)/g, ",");

  // number is how the tables write numbers: three significant digits, or to the whole.
  const number = (v) => {
    if (v == null) return "–";
    if (v === 0) return "0";
    if (v >= 99.95) return group(Math.round(v).toString());
    return v < 0.001 ? v.toExponential(1) : v.toPrecision(3);
  };
  const tick = (v) => v >= 1e6 ? trim(v / 1e6) + "M" : v >= 1e4 ? trim(v / 1e3) + "k" : v >= 1e3 ? group(trim(v)) : trim(v);
  const trim = (v) => String(+v.toPrecision(6));
  const decade = (v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9;
  const color = (i, n) => n <= 6 ? css("--c" + i) : `hsl(${Math.round(i * 360 / n)} 70% ${css("--node-light")})`;

  // marks draws faults as shaded spans with their numbers in the table of faults, and dashed lines where restarted
  // nodes had caught up. Numbers that would run into the one before are left out.
  const marks = {
    hooks: {
      drawClear: (u) => {
        const { ctx, bbox } = u, dpr = devicePixelRatio || 1;
        const inside = (x) => x >= bbox.left - 1 && x <= bbox.left + bbox.width + 1;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
        ctx.clip();
        ctx.font = font(11 * dpr);
        ctx.textAlign = "left";
        ctx.textBaseline = "bottom";
        let free = -Infinity;
        data.faults.forEach(([from, to], i) => {
          const a = u.valToPos(from, "x", true), b = u.valToPos(to, "x", true);
          ctx.fillStyle = css("--mark");
          ctx.fillRect(a, bbox.top, Math.max(b - a, dpr), bbox.height);
          ctx.fillStyle = css("--mark-line");
          ctx.fillRect(a, bbox.top, dpr, bbox.height);
          const text = String(i + 1);
          if (inside(a) && a > free) {
            ctx.fillText(text, a + 2 * dpr, bbox.top - dpr);
            free = a + ctx.measureText(text).width + 5 * dpr;
          }
        });
        ctx.strokeStyle = css("--up");
        ctx.lineWidth = dpr;
        ctx.setLineDash([4 * dpr, 3 * dpr]);
        data.restarts.forEach((at) => {
          const x = Math.round(u.valToPos(at, "x", true));
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        });
        ctx.restore();
      },
    },
  };

  // axes has both axes; log says which have a logarithmic scale, on which only decades get a text.
  const axes = (x, y, log, xText) => {
    const axis = (label, isLog, text) => Object.assign({
      stroke: css("--fore"), label, font: font(12), labelFont: font(13), labelGap: 2,
      grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--grid"), width: 1 },
      values: (u, splits) => splits.map((v) => v == null ? "" : text(v)),
    }, isLog ? { splits: (u, i, min, max) => logarithmic(min, max), filter: (u, splits, i) => splits.map((v) => decade(v) && roomy(u, splits, i, v) || few(splits, v) ? v : null) } : {});
    return [
      Object.assign(axis(x, log.x, xText || tick), { size: 38, labelSize: 22 }),
      Object.assign(axis(y, log.y, tick), { size: (u, values) => 20 + 7.5 * Math.max(2, ...(values || []).map((v) => v.length)), labelSize: 22 }),
    ];
  };
  // logarithmic returns one to nine times the powers of ten from min to max. uPlot's own begin at min, whatever that is.
  const logarithmic = (min, max) => {
    const splits = [];
    for (let e = Math.floor(Math.log10(min)); e <= Math.log10(max); e++) {
      for (let d = 1; d < 10; d++) {
        const v = +(d * 10 ** e).toPrecision(12);
        if (v >= min * (1 - 1e-9) && v <= max * (1 + 1e-9)) splits.push(v);
      }
    }
    return splits;
  };
  // roomy is whether the text of a power of ten has room: on a narrow horizontal axis only each second, or third, has.
  const roomy = (u, splits, i, v) => {
    if (i !== 0) return true;
    const width = u.bbox.width / (devicePixelRatio || 1) / Math.log10(splits[splits.length - 1] / splits[0]);
    return Math.round(Math.log10(v)) % Math.ceil(64 / width) === 0;
  };
  // few is whether a logarithmic axis spans so little that 2 and 5 get a text too.
  const few = (splits, v) => splits[splits.length - 1] / splits[0] <= 200 && /^0*[25]/.test(v.toPrecision(1).replace(".", ""));

  const dashed = (made, i) => (made.options.series[i].dash || []).length > 0;

  const charts = [];
  // chart draws what make returns into the element, again whenever the width, the colours or what was chosen changes.
  const chart = (id, make) => {
    const at = document.getElementById(id);
    if (!at) return;
    const draw = () => {
      if (at.plot) at.plot.destroy();
      at.plot = null;
      at.textContent = "";
      const made = make();
      if (!made.data.slice(1).some((s) => s.some((v) => v != null))) {
        at.textContent = "Nothing was measured.";
        return;
      }
      const width = at.clientWidth;
      const options = Object.assign({ width, height: width < 500 ? 270 : 320, padding: [16, 12, 0, 0] }, made.options);
      options.legend = Object.assign({ markers: {
        width: 2, stroke: (u, i) => made.options.series[i].stroke, dash: (u, i) => dashed(made, i) ? "dashed" : "solid",
        fill: (u, i) => dashed(made, i) ? "transparent" : made.options.series[i].stroke,
      } }, options.legend);
      at.plot = new uPlot(options, made.data, at);
      at.drawn = width;
    };
    charts.push(draw);
    draw();
    new ResizeObserver(() => {
      if (!at.plot || at.clientWidth === at.drawn) return;
      at.drawn = at.clientWidth;
      at.plot.setSize({ width: at.clientWidth, height: at.clientWidth < 500 ? 270 : 320 });
    }).observe(at);
    const choice = document.getElementById(id + "-choice");
    if (choice) choice.addEventListener("change", draw);
  };
  const chosen = (id) => document.getElementById(id + "-choice").value;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((draw) => draw()));

  const lines = (names, unit, colors) => names.map((label, i) => ({
    label, stroke: colors(i), width: 1.5, points: { size: 4 }, value: (u, v) => v == null ? "–" : number(v) + unit,
  }));
  const seconds = { label: "time", value: (u, v) => v == null ? "–" : trim(v) + " s" };
  const overTime = (y, log, series, extra) => Object.assign({
    scales: { x: { time: false, range: (u, min, max) => [0, Math.max(data.end, max || 0)] }, y: log ? { distr: 3 } : { range: (u, min, max) => [0, (max || 1) * 1.05] } },
    axes: axes("seconds after the start", y, { y: log }),
    series: [seconds, ...series], plugins: [marks], cursor: { sync: { key: "time", setSeries: false } },
  }, extra);
  // Zooming sets the range itself, so the range function has to let it.
  const zoomable = (options) => {
    const range = options.scales.x.range;
    options.scales.x.range = (u, min, max) => u.zoomed ? [min, max] : range(u, min, max);
    options.hooks = {
      setSelect: [(u) => { u.zoomed = u.select.width > 0; }],
      ready: [(u) => { u.over.addEventListener("dblclick", () => { u.zoomed = false; }, true); }],
    };
    return options;
  };

  if (data.kind === "run") {
    const t = data.throughput;
    chart("throughput", () => ({
      data: [data.time, t.intended, t.sent, t.acknowledged, t.contacted, t.all],
      options: zoomable(overTime("submissions per second", false,
        lines(["intended", "sent", "acknowledged", "decided at contacted", "decided at all"], "/s", (i) => css("--c" + [6, 4, 1, 2, 0][i])))),
    }));
    chart("latency", () => {
      const l = data.latency[chosen("latency")];
      const fill = css("--c0");
      const names = ["max", "p99.9", "p99", "p90", "p50"];
      return {
        data: [data.time, l.max, l.p999, l.p99, l.p90, l.p50],
        options: zoomable(overTime("latency, milliseconds", true, lines(names, " ms", (i) => css("--c" + [6, 5, 1, 2, 0][i])), {
          bands: [1, 2, 3, 4].map((i) => ({ series: [i, i + 1], fill: fill + ["0c", "16", "24", "38"][i - 1] })),
        })),
      };
    });
    chart("lag", () => ({
      data: [data.time, data.lag],
      options: zoomable(overTime("milliseconds", false, lines(["sent late by at most"], " ms", () => css("--c3")))),
    }));
    chart("waiting", () => ({
      data: [data.time, data.waiting],
      options: zoomable(overTime("submissions", false, lines(["sent and not decided at all"], "", () => css("--c7")))),
    }));
    chart("percentiles", () => ({
      data: [data.percentiles.x, ...data.percentiles.y],
      options: {
        scales: { x: { time: false, distr: 3, range: (u, min, max) => [1, Math.max(10, max * 1.1)] }, y: { distr: 3 } },
        padding: [16, 24, 0, 0],
        axes: axes("percentile of submissions", "latency, milliseconds", { x: true, y: true }, nines),
        series: [{ label: "percentile", value: (u, v) => v == null ? "–" : nines(v) },
          ...lines(data.series, " ms", (i) => css("--c" + [1, 2, 0][i % 3])).map((s, i) => Object.assign(s, i < 3 ? { width: 2 } : { dash: [5, 4] }))],
      },
    }));
    const perNode = (id, y, unit, pick) => chart(id, () => {
      const p = pick();
      const names = data.names.slice(0, p.values.length), nodes = data.nodes.out.length; // what follows is loadgen
      return { data: [data.nodeTime, ...p.values], options: zoomable(overTime(p.y || y, false, lines(names, p.unit || unit, (i) => color(i, nodes)).map((s, i) => i < nodes ? s : Object.assign(s, { stroke: css("--fore"), dash: [2, 3] })))) };
    });
    perNode("cpu", "CPU, cores", "", () => ({ values: data.nodes.cpu }));
    perNode("memory", "resident memory, MiB", " MiB", () => ({ values: data.nodes.memory }));
    perNode("other", "", "", () => {
      const key = chosen("other"), option = document.querySelector(`#other-choice option[value="${key}"]`);
      return { values: data.nodes[key], y: option.textContent };
    });
  } else {
    chart("curve", () => {
      const key = chosen("curve");
      const all = data.lines.map((l) => [l.x, l[key]]);
      return {
        data: [null, ...all],
        options: {
          mode: 2,
          scales: { x: { time: false, distr: 3, auto: true, range: reach(all, 0) }, y: { distr: 3, auto: true, range: reach(all, 1) } },
          axes: axes("submissions per second decided at all nodes", key + " latency, milliseconds", { x: true, y: true }),
          legend: { live: false },
          cursor: { show: false },
          series: [{}, ...data.lines.map((l) => ({
            label: l.name, stroke: color(l.color, data.colors), width: 2, dash: l.dash ? [6, 4] : [],
            facets: [{ scale: "x", auto: true }, { scale: "y", auto: true }], paths: trace(l.valid),
          }))],
        },
      };
    });
  }

  function nines(v) {
    if (decade(v)) {
      const n = Math.round(Math.log10(v));
      return n === 0 ? "0 %" : n === 1 ? "90 %" : n === 2 ? "99 %" : "99." + "9".repeat(n - 2) + " %";
    }
    const p = 100 - 100 / v;
    return p.toFixed(Math.max(0, Math.ceil(Math.log10(v)) - 1)) + " %";
  }

  // reach returns a logarithmic range with some room around all values.
  function reach(all, which) {
    const values = all.flatMap((l) => l[which]).filter((v) => v > 0);
    const low = Math.min(...values), high = Math.max(...values);
    return () => [low / 1.3, high * 1.3];
  }

  // trace draws the points of a line in their order, which may turn back: more was asked for, and less came out. Points
  // of invalid runs are hollow.
  function trace(valid) {
    return (u, index) => {
      const s = u.series[index], [xs, ys] = u.data[index], { ctx } = u, dpr = devicePixelRatio || 1;
      ctx.save();
      ctx.beginPath();
      ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
      ctx.clip();
      ctx.strokeStyle = ctx.fillStyle = typeof s.stroke === "function" ? s.stroke(u, index) : s.stroke;
      ctx.lineWidth = s.width * dpr;
      ctx.setLineDash(s.dash.map((d) => d * dpr));
      const at = xs.map((x, i) => [u.valToPos(x, "x", true), u.valToPos(ys[i], "y", true)]);
      ctx.beginPath();
      at.forEach(([x, y], i) => i ? ctx.lineTo(x, y) : ctx.moveTo(x, y));
      ctx.stroke();
      ctx.setLineDash([]);
      at.forEach(([x, y], i) => {
        ctx.beginPath();
        ctx.arc(x, y, 4 * dpr, 0, 2 * Math.PI);
        if (valid[i]) {
          ctx.fill();
        } else {
          const solid = ctx.fillStyle;
          ctx.fillStyle = css("--back");
          ctx.fill();
          ctx.stroke();
          ctx.fillStyle = solid;
        }
      });
      ctx.restore();
      return null;
    };
  }
})();
