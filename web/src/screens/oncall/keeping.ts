// How a schedule is kept fair and safe, as a form has it, and as the API does.
import type { Schemas } from '../../lib/api';

type Schedule = Schemas['Schedule'];

/** What each weight is, unless a schedule says otherwise. */
export const usual = {
  day: 0.1,
  night: 0.2,
  weekend: 1.5,
  holiday: 2,
  work: 1,
  evening: 1.5,
  at_night: 3,
  again: 0.3,
  secondary: 0.4,
  longest: 4,
  half_life_days: 180,
  SEV1: 1.5,
  SEV2: 1,
  SEV3: 0.5,
  SEV4: 0.5,
  SEV5: 0.5,
} as const;
export type Weight = keyof typeof usual;
export const weights = Object.keys(usual) as Weight[];

export interface Keeping {
  auto: boolean;
  digest: boolean;
  weights: Record<Weight, string>;
  /** Hours between two shifts. */
  rest: string;
  /** Per cent of four weeks. */
  share: string;
  fallBack: string;
}

const hours = (span?: string) => {
  const [, h, m] = /^(?:(\d+)h)?(?:(\d+)m)?(?:0s)?$/.exec(span ?? '') ?? [];
  return h || m ? String(Number(h ?? 0) + Number(m ?? 0) / 60) : '';
};
const span = (hours: string) => (hours ? `${Math.round(Number(hours) * 60)}m` : null);
const number = (text: string) => (String(text) === '' ? null : Number(text));

export function read(s: Schedule | undefined): Keeping {
  const set: Record<string, number> = s?.fairness?.weights ?? {};
  return {
    auto: s?.fairness?.cover === 'auto',
    digest: s?.fairness?.digest ?? false,
    weights: Object.fromEntries(
      weights.map((w) => [w, set[w] === undefined ? '' : String(set[w])]),
    ) as Keeping['weights'],
    rest: hours(s?.limits?.rest),
    share: s?.limits?.share ? String(Math.round(s.limits.share * 1000) / 10) : '',
    fallBack: s?.fall_back ?? '',
  };
}

/** As a merge-patch, in which what is null goes away. */
export function write(form: Keeping) {
  const share = number(form.share);
  const set = Object.fromEntries(weights.map((w) => [w, number(form.weights[w])]));
  return {
    fairness: {
      cover: form.auto ? 'auto' : null,
      digest: form.digest || null,
      weights: Object.values(set).some((v) => v !== null) ? set : null,
    },
    limits: { rest: span(form.rest), share: share === null ? null : Math.round(share * 10) / 1000 },
    fall_back: form.fallBack || null,
  };
}

/** The same without what is null, and without what is empty then. */
export function plain<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const kept = Object.entries(value)
    .map(([k, v]) => [k, plain(v as unknown)] as const)
    .filter(
      ([, v]) =>
        v !== null && v !== undefined && !(typeof v === 'object' && !Array.isArray(v) && !Object.keys(v).length),
    );
  return Object.fromEntries(kept) as T;
}
