// Short words about what was done, with a way back.
import { Problem } from './api';
import { t } from './i18n';

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void | Promise<void>;
  /** A question that one tap answers. */
  ask?: { text: string; answers: [string, () => void | Promise<void>][] };
}

class Toasts {
  all = $state<Toast[]>([]);
  private last = 0;

  say(text: string, how: Partial<Pick<Toast, 'undo' | 'bad' | 'ask'>> = {}): void {
    const toast = { id: ++this.last, text, bad: how.bad ?? false, undo: how.undo, ask: how.ask };
    this.all = [...this.all.slice(-2), toast];
    this.leave(toast.id, how.undo || how.bad ? 10_000 : 5000);
  }

  /** Says what went wrong. */
  failed(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.say(error.offline ? t('problem.offline') : error.message, { bad: true });
  }

  drop(id: number): void {
    this.all = this.all.filter((one) => one.id !== id);
  }

  /** Nothing leaves while somebody is at it with a pointer or the keyboard. */
  private leave(id: number, after: number): void {
    setTimeout(() => {
      if (document.querySelector('.toasts:is(:hover, :focus-within)')) this.leave(id, 2000);
      else this.drop(id);
    }, after);
  }
}

export const toasts = new Toasts();
