/** How each status looks: one icon, one theme colour, one word, the same in every view. */

import { assertNever } from '../../model/assertNever.ts';
import type { AttemptStatus, TaskStatus } from '../../model/task.ts';
import type { NodeIcon } from './viewNode.ts';

export function taskIcon(status: TaskStatus): NodeIcon {
  switch (status) {
    case 'pending':
      return { id: 'circle-outline', color: 'disabledForeground' };
    case 'assigned':
      return { id: 'circle-large-outline', color: 'charts.blue' };
    case 'running':
      return { id: 'play-circle', color: 'charts.blue' };
    case 'retrying':
      return { id: 'debug-restart', color: 'charts.orange' };
    case 'succeeded':
      return { id: 'pass', color: 'testing.iconPassed' };
    case 'failed':
      return { id: 'error', color: 'testing.iconFailed' };
    default:
      return assertNever(status);
  }
}

export function attemptIcon(status: AttemptStatus): NodeIcon {
  switch (status) {
    case 'assigned':
      return { id: 'circle-large-outline', color: 'charts.blue' };
    case 'running':
      return { id: 'play-circle', color: 'charts.blue' };
    case 'finished':
      return { id: 'pass', color: 'testing.iconPassed' };
    case 'failed':
      return { id: 'error', color: 'testing.iconFailed' };
    case 'lost':
      return { id: 'debug-disconnect', color: 'charts.orange' };
    default:
      return assertNever(status);
  }
}

export function levelIcon(level: string | undefined): NodeIcon {
  switch (level) {
    case 'fatal':
    case 'error':
      return { id: 'error', color: 'list.errorForeground' };
    case 'warn':
      return { id: 'warning', color: 'list.warningForeground' };
    default:
      return { id: 'circle-small' };
  }
}
