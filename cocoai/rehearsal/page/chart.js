// Draws a data_visualization block: bars, lines, areas or a pie, as an SVG whose text alternative tells every value.
// Across, all is in percent, and so fits any width; CSS thins out the labels of a narrow chart.
// Source: docs.slack.dev/reference/block-kit/blocks/data-visualization-block.

import { make } from "./dom.js";
import { language, texts } from "./texts.js";

const TOP = 34; // px above the highest value, for its number on its side
const HEIGHT = 150; // px from the lowest to the highest value
const WIDEST_BAR = 9; // % of the chart
const WIDTHS = [520, 340, 236]; // px across the bars: in a channel, in a thread beside it, on a small phone
const LONGEST = 14; // columns of a category's label
const CROWDS = [40, 18, 12, 8]; // so many values side by side need more room, or stand on their side
const MOST = 1e300; // beyond it, differences of values would be infinite

const short = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3 });
const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 9 });
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });

// Returns the figure of a block: its title, the chart, and a legend if there are several series.
export function chart({ title = "", chart: spec = {} }) {
  const figure = make("figure", "chart");
  figure.append(make("figcaption", "", String(title)));
  figure.append(...(spec.type === "pie" ? pie(String(title), spec) : plot(String(title), spec)));
  return figure;
}

// Returns a new SVG element with these attributes.
function draw(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Returns the root of a drawing, with the text that stands for it.
function picture(label, attributes, ...children) {
  return draw("svg", { role: "img", "aria-label": label, ...attributes }, ...children);
}

// Returns a chart with axes and its legend in an array.
function plot(title, { type, series = [], axis_config: axes = {} }) {
  const categories = axes.categories ?? [];
  const lines = series.map(({ name, data }) => ({ name, values: categories.map((label) => valueOf(data, label)) }));
  const scale = scaleOf(lines.flatMap(({ values }) => values));
  const marks = (type === "bar" ? bars : curves)(lines, categories, scale, type);
  const bottom = TOP + HEIGHT + 20;
  const parts = [...grid(scale), ...marks, ...categoryLabels(categories, bottom)];
  const crowds = CROWDS.filter((most) => slots(type, lines, categories) > most).map((most) => `over${most}`);
  const size = { class: ["plot", ...crowds].join(" "), height: bottom + 8 };
  const drawing = picture(described(type, title, lines, categories, axes), size, ...parts);
  const made = [axis("up", axes.y_label), drawing, axis("across", axes.x_label)].filter(Boolean);
  return lines.length > 1 ? [...made, legend(lines.map(({ name }) => name))] : made;
}

// Returns the label of an axis, which may take several lines; null if there is none.
const axis = (direction, label) => (label ? make("p", `axis ${direction}`, label) : null);

const valueOf = (data, label) => Math.max(-MOST, Math.min(MOST, data.find((point) => point.label === label)?.value ?? 0));

// Returns how many values as close as these stand side by side. Of several lines none is written: they would cover each
// other.
function slots(type, lines, categories) {
  if (lines.length === 1) return categories.length;
  return type === "bar" ? 100 / barWidth(lines, categories) : Infinity;
}

// Returns the width of a bar and the gap beside it, in percent.
const barWidth = (lines, categories) => Math.min(72 / categories.length / lines.length, WIDEST_BAR);

// Returns the ticks of the values' axis, round numbers around all values and 0, and a function from a value to its y.
function scaleOf(values) {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const raw = (most - least || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((each) => each * power >= raw * 0.999);
  const [first, last] = [Math.floor(least / step), Math.ceil(most / step) || 1];
  const ticks = Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
  const y = (value) => TOP + HEIGHT * (1 - (value / step - first) / (last - first));
  return { ticks, y };
}

// Returns a line across for each tick, that of 0 stronger, and its number.
function grid({ ticks, y }) {
  return ticks.flatMap((tick) => [
    draw("line", { class: tick ? "tick" : "zero", x1: 0, x2: "100%", y1: y(tick), y2: y(tick) }),
    draw("text", { class: "number", x: -7, y: y(tick) + 4 }, short.format(tick)),
  ]);
}

// Returns the bars of each category, side by side, and their values above them.
function bars(lines, categories, { y }) {
  const group = 100 / categories.length;
  const width = barWidth(lines, categories);
  return categories.flatMap((label, at) =>
    lines.flatMap(({ name, values }, n) => {
      const [value, middle] = [values[at], group * (at + 0.5) + width * (n + 0.5 - lines.length / 2)];
      const place = { x: `${middle - width * 0.46}%`, width: `${width * 0.92}%`, y: Math.min(y(value), y(0)) };
      const bar = draw("rect", { class: `bar series${n}`, rx: 2, height: Math.abs(y(value) - y(0)), ...place });
      bar.append(draw("title", {}, `${name}, ${label}: ${exact.format(value)}`));
      return [bar, number(value, middle, y)];
    }),
  );
}

// Returns a line for each series, over an area if that is wanted, with a dot at each value.
function curves(lines, categories, { y }, type) {
  const x = (at) => (100 * (at + 0.5)) / categories.length;
  return lines.flatMap(({ name, values }, n) => {
    const points = values.map((value, at) => `${x(at)},${y(value)}`);
    const around = [`${x(0)},${y(0)}`, ...points, `${x(values.length - 1)},${y(0)}`];
    const shape = { viewBox: `0 0 100 ${TOP + HEIGHT}`, preserveAspectRatio: "none", width: "100%", height: TOP + HEIGHT };
    const area = type === "area" ? [draw("polygon", { class: `area series${n}`, points: around.join(" ") })] : [];
    const line = draw("polyline", { class: `line series${n}`, points: points.join(" ") });
    const dots = values.map((value, at) => {
      const tip = draw("title", {}, `${name}, ${categories[at]}: ${exact.format(value)}`);
      return draw("circle", { class: `bar series${n}`, cx: `${x(at)}%`, cy: y(value), r: 3 }, tip);
    });
    const numbers = lines.length > 1 ? [] : values.map((value, at) => number(value, x(at), y));
    return [draw("svg", shape, ...area, line), ...dots, ...numbers];
  });
}

// Returns the text of a value, above where it is drawn.
function number(value, middle, y) {
  return draw("text", { class: "value", x: `${middle}%`, y: Math.min(y(value), y(0)) - 6 }, short.format(value));
}

// Returns the labels below the categories: as many as a wide chart has room for, of which CSS hides the spare ones of a
// narrower one.
function categoryLabels(categories, y) {
  const shown = categories.map(cut);
  const room = Math.max(...shown.map(columns)) * 6.4 + 6;
  // Each is a multiple of the next: what a narrow chart shows, a wider one shows too.
  const [wide, middle, narrow] = WIDTHS.reduce((steps, width) => {
    const last = steps.at(-1) ?? 1;
    return [...steps, last * Math.ceil((categories.length * room) / width / last)];
  }, []);
  return shown.flatMap((label, at) => {
    if (at % wide) return [];
    const names = ["category", at % middle && "spare-middle", at % narrow && "spare-narrow"].filter(Boolean);
    return [draw("text", { class: names.join(" "), x: `${(100 * (at + 0.5)) / categories.length}%`, y }, label)];
  });
}

// Returns the columns that a text takes; beyond Latin script, a character takes two.
const columns = (text) => [...text].reduce((sum, each) => sum + (each > "\u2e7f" ? 2 : 1), 0);

function cut(text) {
  const characters = [...text];
  if (columns(text) <= LONGEST) return text;
  while (columns(characters.join("")) >= LONGEST) characters.pop();
  return `${characters.join("")}…`;
}

// Returns what a screen reader says of a chart: what it is, its axes, and every value of each series.
function described(type, title, lines, categories, { x_label: across, y_label: up }) {
  const axes = [up, across].filter(Boolean).join(" / ");
  const all = lines.map(({ name, values }) => `${name}: ${values.map((value, at) => `${categories[at]} ${exact.format(value)}`).join(", ")}`);
  return [texts.chart(type, title), axes, ...all].filter(Boolean).join(". ");
}

function legend(names) {
  const holder = make("p", "legend");
  for (const [n, name] of names.entries()) {
    const key = holder.appendChild(make("span", "key"));
    key.append(make("i", `swatch series${n}`), name);
  }
  return holder;
}

// Returns a pie and its legend, which tells each part's value and share, in an array.
function pie(title, { segments = [] }) {
  const total = segments.reduce((sum, { value }) => sum + value, 0);
  let turned = 0;
  const slices = segments.map(({ label, value }, n) => {
    const [from, to] = [turned, (turned += value / total)];
    const tip = draw("title", {}, `${label}: ${exact.format(value)}`);
    if (segments.length === 1) return draw("circle", { class: "slice series0", r: 1 }, tip);
    const d = `M0 0L${onCircle(from)}A1 1 0 ${to - from > 0.5 ? 1 : 0} 1 ${onCircle(to)}Z`;
    return draw("path", { class: `slice series${n}`, d }, tip);
  });
  const names = segments.map(({ label, value }) => `${label}: ${exact.format(value)} (${percent.format(value / total)})`);
  const label = `${texts.chart("pie", title)}. ${names.join(", ")}`;
  return [picture(label, { class: "pie", viewBox: "-1.02 -1.02 2.04 2.04" }, ...slices), legend(names)];
}

// Returns the point on the circle after a part of a turn, from the top, clockwise.
const onCircle = (part) => [Math.sin(2 * Math.PI * part), -Math.cos(2 * Math.PI * part)].map((each) => each.toFixed(4)).join(" ");
