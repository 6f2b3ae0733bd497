/** What is replayed to a session waits until its rooms have all that they kept elsewhere. */
import type { Session } from './session.ts';

/**
 * Calls back when all rooms of the session are ready, at once where they are. Until then it counts as
 * replaying: what is published meanwhile is not delivered past what it is to be given first.
 */
export function whenRoomsReady(session: Session, act: () => void): void {
  const rooms = session.rooms.filter(({ isReady }) => !isReady);
  if (rooms.length === 0) {
    act();
    return;
  }
  const { connection } = session;
  if (session.state === 'live') session.state = 'replaying';
  let left = rooms.length;
  for (const room of rooms) {
    room.whenReady(() => {
      left -= 1;
      if (left > 0 || session.connection !== connection || session.state !== 'replaying') return;
      // One that has positions has its turn already; the others have none before this.
      if (session.positions === undefined) session.state = 'live';
      act();
    });
  }
}
