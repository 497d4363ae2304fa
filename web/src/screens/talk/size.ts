import { locale } from '../../lib/i18n';

/** "812 kB", "2.4 MB" */
export function size(bytes: number): string {
  const mega = bytes >= 1_000_000;
  const n = bytes / (mega ? 1_000_000 : 1000);
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: mega ? 1 : 0 });
  return `${digits.format(Math.max(n, 1))} ${mega ? 'MB' : 'kB'}`;
}
