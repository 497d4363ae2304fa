import { describe, expect, it } from 'vitest';
import { drawable, tree, type Branch } from './picture';
import { depends, without, type Node } from './sifting';

const node = (id: string, depends_on: string[] = [], more: Partial<Node> = {}): Node => ({
  id,
  name: id,
  kind: 'node',
  depends_on,
  firing: 0,
  beneath: 0,
  ...more,
});
const text = (list: Branch[]): string => list.map((b) => b.node.id + (b.on.length ? `(${text(b.on)})` : '')).join(' ');

describe('the picture', () => {
  const all = [
    node('rack'),
    node('host', ['rack']),
    node('web', ['host', 'db']),
    node('db', [], { kind: 'any_of', child: 'shop', members: ['host'] }),
    node('shop'),
    node('alone'),
  ];
  it('has everybody once in its tree, beneath what it stands on', () => {
    expect(text(tree(all))).toBe('rack(host(web db(shop)))');
  });
  it('draws what is linked, and of too much what shakes', () => {
    expect(drawable(all).nodes.map((n) => n.id)).toEqual(['rack', 'host', 'web', 'db', 'shop']);
    const many = [node('root', [], { firing: 1 }), ...Array.from({ length: 200 }, (_, i) => node(`n${i}`, ['root']))];
    many[7]!.under = 'root';
    const { nodes, part } = drawable(many);
    expect([part, nodes.map((n) => n.id)]).toEqual([true, ['root', 'n6']]);
  });
  it('writes dependencies on services with the service, and others with the node', () => {
    const some = [node('web', [], { kind: 'service' }), node('db', [], { kind: 'service' }), node('rack')];
    expect(depends({}, some[0]!, ['db', 'rack'], some)).toEqual({ nodes: [{ id: 'web', depends_on: ['rack'] }] });
    expect(depends({ nodes: [{ id: 'rack' }] }, some[2]!, ['db'], some, 'Rack 1', 'room')).toEqual({
      nodes: [{ id: 'rack', name: 'Rack 1', tier: 'room', depends_on: ['db'] }],
    });
    expect(
      without(
        {
          nodes: [{ id: 'rack' }, { id: 'host', depends_on: ['rack'] }],
          any_of: [{ id: 'g', child: 'x', members: ['rack'] }],
        },
        'rack',
      ),
    ).toEqual({
      nodes: [{ id: 'host', depends_on: [] }],
      any_of: [],
    });
  });
});
