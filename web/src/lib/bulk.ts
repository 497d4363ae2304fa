// What is done to many incidents at once.
import { api, ok, type Schemas } from './api';
import { t } from './i18n';
import { after, inverse, show, type Incident, type Verb } from './incidents';
import type { Key } from './texts';
import { toasts } from './toasts.svelte';

/** Does one thing to many, a part at a time, and says what came of it. */
export async function actOnAll(all: Incident[], verb: Verb, more: Partial<Schemas['Bulk']> = {}): Promise<void> {
  const done: Incident[] = [];
  const refused: string[] = [];
  try {
    for (let at = 0; at < all.length; at += 200) {
      const part = all.slice(at, at + 200);
      const { results } = await ok(
        api.POST('/api/v1/incidents/bulk', { body: { verb, ids: part.map((i) => i.id), ...more } }),
      );
      for (const [k, r] of results.entries()) {
        const one = part[k];
        if (!one) continue;
        if (r.status < 300) done.push(one);
        else refused.push(r.said);
      }
    }
  } catch (error) {
    toasts.failed(error);
  }
  done.forEach((i) => show(after(i, verb)));
  const back = inverse[verb];
  if (done.length)
    toasts.say(t(`bulk.${verb}` as Key, { n: done.length }), {
      undo:
        back &&
        (() =>
          actOnAll(
            done.map((i) => after(i, verb)),
            back,
          )),
    });
  if (refused.length) toasts.say(t('bulk.refused', { n: refused.length, why: refused[0] ?? '' }), { bad: true });
}
