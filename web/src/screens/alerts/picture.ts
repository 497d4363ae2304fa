// Where things stand in a picture of what depends on what: causes below what stands on them.
import { Graph, layout } from '@dagrejs/dagre';
import { state, type Node } from './sifting';

export const width = 176;
export const height = 60;
const most = 120;

export interface Drawn {
  width: number;
  height: number;
  nodes: { id: string; x: number; y: number }[];
  edges: { from: string; to: string; path: string; kind: 'on' | 'group' | 'fold' }[];
}

/** Everything that depends on something, or is depended on. */
export function linked(all: Node[]): Set<string> {
  const out = new Set<string>();
  for (const n of all) {
    for (const id of [...n.depends_on, ...(n.members ?? []), ...(n.child ? [n.child] : [])]) out.add(n.id).add(id);
  }
  return out;
}

/** What is drawn: all of it, or when that is too much what shakes and its neighbours. */
export function drawable(all: Node[]): { nodes: Node[]; part: boolean } {
  const on = linked(all);
  const nodes = all.filter((n) => on.has(n.id));
  if (nodes.length <= most) return { nodes, part: false };
  const near = new Set<string>();
  for (const n of nodes) {
    if (state(n) === 'ok') continue;
    for (const id of [n.id, ...n.depends_on, ...(n.members ?? []), n.under ?? '']) near.add(id);
  }
  return { nodes: nodes.filter((n) => near.has(n.id)).slice(0, most), part: true };
}

export function draw(nodes: Node[]): Drawn {
  const g = new Graph({ multigraph: true });
  const here = new Set(nodes.map((n) => n.id));
  g.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 56, marginx: 8, marginy: 8 });
  g.setDefaultEdgeLabel(() => ({}));
  for (const n of nodes) g.setNode(n.id, { width, height: n.kind === 'any_of' ? 36 : height });
  const edge = (from: string, to: string, kind: Drawn['edges'][number]['kind']) => {
    if (here.has(from) && here.has(to)) g.setEdge(from, to, {}, kind);
  };
  for (const n of nodes) {
    for (const id of n.depends_on) edge(n.id, id, 'on');
    if (n.child) edge(n.child, n.id, 'group');
    for (const id of n.members ?? []) edge(n.id, id, 'group');
  }
  layout(g);
  const { width: w = 0, height: h = 0 } = g.graph() as { width?: number; height?: number };
  const line = (points: { x: number; y: number }[]) =>
    points.map((p, i) => `${i ? 'L' : 'M'}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join('');
  return {
    width: w,
    height: h,
    nodes: g.nodes().map((id) => ({ id, ...(g.node(id) as { x: number; y: number }) })),
    edges: g.edges().map((e) => ({
      from: e.v,
      to: e.w,
      kind: e.name as 'on',
      path: line((g.edge(e) as { points: { x: number; y: number }[] }).points),
    })),
  };
}

/** A line of the list: a node, and what stands on it. */
export interface Branch {
  node: Node;
  on: Branch[];
}

/** The same as a list: what depends on nothing first, and what stands on it beneath; each
    stands once beneath the first that it depends on. */
export function tree(all: Node[]): Branch[] {
  const on = linked(all);
  const above = new Map<string, Node[]>();
  const needs = (n: Node) => [
    ...n.depends_on,
    ...all.filter((g) => g.child === n.id).map((g) => g.id),
    ...(n.members ?? []),
  ];
  for (const n of all) {
    const first = needs(n)[0];
    if (first) above.set(first, [...(above.get(first) ?? []), n]);
  }
  const seen = new Set<string>();
  const branch = (node: Node): Branch => {
    seen.add(node.id);
    return { node, on: (above.get(node.id) ?? []).filter((n) => !seen.has(n.id)).map(branch) };
  };
  return all.filter((n) => on.has(n.id) && !needs(n).length).map(branch);
}
