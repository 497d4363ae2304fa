// What every form has in common: it is sent once at a time, and what is wrong stands
// beside the field that it is about.
import { Problem } from './api';
import { t } from './i18n';

const within = (field: string, of: string): boolean =>
  field === of || field.startsWith(`${of}.`) || field.startsWith(`${of}[`);

export class Form {
  busy = $state(false);
  /** What is wrong, by field. */
  private wrong = $state.raw<Record<string, string>>({});
  /** What is wrong and belongs to no field that is shown. */
  rest = $state('');
  // Not a state: whoever asks for a field shows it.
  private shown = new Set<string>();

  /** What is wrong with a field, or with a part of it: "targets[0]" is of "targets". */
  fault = (field: string): string | undefined => {
    this.shown.add(field);
    return Object.entries(this.wrong).find(([f]) => within(f, field))?.[1];
  };

  /** As it is when nobody has sent anything. */
  clear(): void {
    this.wrong = {};
    this.rest = '';
  }

  /** Says what is wrong; whether nothing is, so that it may be sent. */
  check(faults: Record<string, string | false | null | undefined>): boolean {
    this.clear();
    const wrong = Object.entries(faults).filter((f): f is [string, string] => !!f[1]);
    this.wrong = Object.fromEntries(wrong);
    this.rest = this.homeless(wrong);
    return !wrong.length;
  }

  /** Sends; whether that went well. `name` is what a field of the server's is called here. */
  async send(work: () => Promise<unknown>, name = (field: string) => field): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.clear();
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.failed(error, name);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Says what the server found wrong. */
  failed(error: Problem, name = (field: string) => field): void {
    const wrong = Object.entries(error.fields).map(([field, text]): [string, string] => [name(field), text]);
    this.wrong = Object.fromEntries(wrong);
    this.rest = error.offline ? t('problem.offline') : wrong.length ? this.homeless(wrong) : error.message;
  }

  private homeless(wrong: [string, string][]): string {
    return wrong
      .filter(([field]) => ![...this.shown].some((s) => within(field, s)))
      .map(([field, text]) => (field ? `${field}: ${text}` : text))
      .join('; ');
  }
}
