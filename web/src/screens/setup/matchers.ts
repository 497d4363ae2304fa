// Matchers as Alertmanager writes them: host=~"db.*". The server has the last word; this
// says beside the field what is wrong, while somebody still writes.
export interface Matcher {
  name: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

export type Fault = 'empty' | 'name' | 'operator' | 'quotes' | 'regexp';

/** The matchers of a text: one, or several with commas between, with or without braces. */
export function read(text: string): { matchers: Matcher[]; fault?: Fault } {
  let rest = text.trim();
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1).trim();
  const matchers: Matcher[] = [];
  if (!rest) return { matchers, fault: 'empty' };
  while (rest) {
    const head = /^("(?:[^"\\]|\\.)*"|[^\s=!~"{},]+)\s*(=~|!~|!=|=)\s*/s.exec(rest);
    if (!head) return { matchers, fault: /^[^\s=!~"{},]+|^"(?:[^"\\]|\\.)*"/s.test(rest) ? 'operator' : 'name' };
    rest = rest.slice(head[0].length);
    const value = /^"((?:[^"\\]|\\.)*)"|^([^\s"{},]*)/s.exec(rest);
    if (rest.startsWith('"') && value?.[1] === undefined) return { matchers, fault: 'quotes' };
    const m = {
      name: unquoted(head[1] ?? ''),
      op: head[2] as Matcher['op'],
      value: (value?.[1] ?? value?.[2] ?? '').replace(/\\(["\\])/g, '$1').replace(/\\n/g, '\n'),
    };
    if (m.op.includes('~') && !compiles(m.value)) return { matchers, fault: 'regexp' };
    matchers.push(m);
    rest = rest.slice(value?.[0].length ?? 0).trim();
    if (!rest) break;
    if (!rest.startsWith(',')) return { matchers, fault: 'quotes' };
    rest = rest.slice(1).trim();
  }
  return { matchers };
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replace(/\\(["\\])/g, '$1') : name;

/** Go's regular expressions know flags in front and named groups that ours write otherwise. */
function compiles(pattern: string): boolean {
  try {
    new RegExp(`^(?:${pattern.replace(/^\(\?[imsU]+\)/, '').replace(/\(\?P</g, '(?<')})$`, 's');
    return true;
  } catch {
    return false;
  }
}

/** As it is written. */
export function write(m: Matcher): string {
  const name = /^[A-Za-z_][\w:.-]*$/.test(m.name) ? m.name : JSON.stringify(m.name);
  return `${name}${m.op}"${m.value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

/** Whether all of them hold for labels; a label that is not there is the empty text. */
export function fits(matchers: Matcher[], labels: Record<string, string>): boolean {
  return matchers.every((m) => {
    const value = labels[m.name] ?? '';
    if (!m.op.includes('~')) return (value === m.value) === (m.op === '=');
    const flags = /^\(\?([ims]+)\)/.exec(m.value)?.[1] ?? '';
    const pattern = m.value.replace(/^\(\?[imsU]+\)/, '').replace(/\(\?P</g, '(?<');
    return new RegExp(`^(?:${pattern})$`, [...new Set(`${flags}s`)].join('')).test(value) === (m.op === '=~');
  });
}
