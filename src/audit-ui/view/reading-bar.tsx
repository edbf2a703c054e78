import type { Session } from '../reading/session.js';
import { counted, number } from './words.js';

/** How much of the log was read and proven, and more of it on request: the first look stays small. */
export const ReadingBar = ({ session }: { readonly session: Session }) => {
  const { log, rows, queue } = session;
  if (log === null || queue === null) return null;
  if (log.size === 0) return <p>The log has no entries yet.</p>;
  const isWhole = rows.count >= log.size;
  return (
    <div class="reading">
      <p>
        {isWhole
          ? `All ${counted(log.size, 'entry', 'entries')} read, and proven against the signed root.`
          : `${number(rows.count)} of ${counted(log.size, 'entry', 'entries')} read and proven, the newest first.`}
      </p>
      {!isWhole && <progress max={log.size} value={rows.count} aria-label="Entries read" />}
      {!isWhole && !queue.isReadingAll && (
        <button type="button" onClick={() => session.readAll()}>
          Read all {number(log.size)}
        </button>
      )}
      {!isWhole && queue.isReadingAll && (
        <button type="button" onClick={() => session.stopReading()}>
          Stop
        </button>
      )}
    </div>
  );
};
