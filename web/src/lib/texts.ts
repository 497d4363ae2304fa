// Which texts there are. An area of screens adds its catalog here.
import type core from '../../i18n/en/core.json';
import type dialogs from '../../i18n/en/dialogs.json';
import type signin from '../../i18n/en/signin.json';
import type first from '../../i18n/en/first.json';
import type room from '../../i18n/en/room.json';
import type panels from '../../i18n/en/panels.json';
import type people from '../../i18n/en/people.json';
import type oncall from '../../i18n/en/oncall.json';
import type setup from '../../i18n/en/setup.json';
import type reach from '../../i18n/en/reach.json';
import type shift from '../../i18n/en/shift.json';
import type alerts from '../../i18n/en/alerts.json';
import type work from '../../i18n/en/work.json';
import type runbooks from '../../i18n/en/runbooks.json';
import type comms from '../../i18n/en/comms.json';
import type review from '../../i18n/en/review.json';
import type talk from '../../i18n/en/talk.json';
import type reports from '../../i18n/en/reports.json';
import type changes from '../../i18n/en/changes.json';
import type tickets from '../../i18n/en/tickets.json';
import type drills from '../../i18n/en/drills.json';

export interface Forms {
  one?: string;
  other: string;
}

export type Key =
  | keyof typeof core
  | keyof typeof first
  | keyof typeof dialogs
  | keyof typeof signin
  | keyof typeof room
  | keyof typeof panels
  | keyof typeof people
  | keyof typeof oncall
  | keyof typeof setup
  | keyof typeof reach
  | keyof typeof shift
  | keyof typeof alerts
  | keyof typeof work
  | keyof typeof runbooks
  | keyof typeof comms
  | keyof typeof review
  | keyof typeof talk
  | keyof typeof reports
  | keyof typeof changes
  | keyof typeof tickets
  | keyof typeof drills;
