/** How tables without a frame look: lines that survive a pipe, a log file and a narrow font. */

export const PLAIN_TABLE = {
  style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '',
  },
};
