/** A block graph as SVG: parents above children, edges by their role, what the failing step names in colour. */
import type { GraphNode } from '../block-graph.ts';
import { html, type Markup, say } from './markup.ts';

const WIDTH = 170;
const HEIGHT = 46;
const GAP_X = 22;
const GAP_Y = 44;
/** More would be no picture any more. */
const MOST = 60;

export function graphSvg(nodes: readonly GraphNode[]): Markup | '' {
  if (nodes.length === 0 || nodes.length > MOST) return '';
  const rows = layers(nodes);
  const places = new Map<string, { x: number; y: number }>();
  const widest = Math.max(...rows.map((row) => row.length));
  const width = widest * (WIDTH + GAP_X) + GAP_X;
  rows.forEach((row, level) => {
    const left = (width - row.length * (WIDTH + GAP_X) + GAP_X) / 2;
    row.forEach((node, index) => {
      places.set(node.name, { x: left + index * (WIDTH + GAP_X), y: 8 + level * (HEIGHT + GAP_Y) });
    });
  });
  const height = rows.length * (HEIGHT + GAP_Y) - GAP_Y + 16;
  const edges = nodes.flatMap((node) => node.children.map((child) => ({ from: node.name, ...child })));
  return html`<figure class="drawing"><figcaption>Block graph at this step</figcaption><svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${words(nodes)}">${edges.map(
    ({ from, role, name }) => edge(places.get(from)!, places.get(name)!, role),
  )}${nodes.map((node) => box(node, places.get(node.name)!))}</svg></figure>`;
}

function box(node: GraphNode, { x, y }: { x: number; y: number }): Markup {
  const kind = [node.named && 'named', node.wanted && 'wanted'].filter((one) => one !== false).join(' ');
  return html`<g class="node ${kind}"><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8"/><text x="${x + WIDTH / 2}" y="${y + 19}">${say(node.name, 21)}</text><text class="dim" x="${x + WIDTH / 2}" y="${y + 36}">${say(node.driver, 21)}${node.wanted ? ' (asked for)' : ''}</text></g>`;
}

function edge(from: { x: number; y: number }, to: { x: number; y: number }, role: string): Markup {
  const [x1, y1, x2, y2] = [from.x + WIDTH / 2, from.y + HEIGHT, to.x + WIDTH / 2, to.y];
  const middle = (y1 + y2) / 2;
  return html`<path class="edge" d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2 - 3}"/><circle class="tip" cx="${x2}" cy="${y2 - 3}" r="3"/><text class="role" x="${(x1 + x2) / 2 + 4}" y="${middle - 4}">${say(role, 16)}</text>`;
}

/** Each node below all of its parents; what is part of a circle stays where it was met. */
function layers(nodes: readonly GraphNode[]): GraphNode[][] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const level = new Map<string, number>();
  const place = (node: GraphNode, depth: number): void => {
    if (depth > nodes.length || (level.get(node.name) ?? -1) >= depth) return;
    level.set(node.name, depth);
    for (const { name } of node.children) place(byName.get(name)!, depth + 1);
  };
  const children = new Set(nodes.flatMap((node) => node.children.map(({ name }) => name)));
  for (const node of nodes) if (!children.has(node.name)) place(node, 0);
  for (const node of nodes) if (!level.has(node.name)) level.set(node.name, 0);
  const depth = Math.max(...level.values()) + 1;
  return Array.from({ length: depth }, (_, at) => nodes.filter((node) => level.get(node.name) === at)).filter(
    (row) => row.length > 0,
  );
}

function words(nodes: readonly GraphNode[]): string {
  const parts = nodes.map(({ name, driver, children }) => {
    const below = children.map((child) => `${child.role} ${child.name}`).join(', ');
    return `${name} (${driver})${below === '' ? '' : ` over ${below}`}`;
  });
  return say(`Block graph: ${parts.join('; ')}`, 600);
}
