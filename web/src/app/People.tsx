/** Who is there, as faces; their names for those who ask. */

import type { Person } from "livethread";
import { Face } from "../look/Face";
import type { Me } from "./person";
import styles from "./People.module.css";

/** So many have a face; the others are counted. */
const FACES = 5;

export function People({ people, me }: { people: readonly Person[]; me: Me }) {
  if (!people.length) return null;
  const sorted = [...people].sort((a, b) => Number(b.user_id === me.user_id) - Number(a.user_id === me.user_id));
  const shown = sorted.slice(0, people.length > FACES ? FACES - 1 : FACES);
  const others = sorted.slice(shown.length);
  return (
    <ul className={styles.people} aria-label="People">
      {shown.map((person) => {
        const name = person.user_id === me.user_id ? `${person.name} (you)` : person.name;
        return (
          <li key={person.user_id} className={styles.person} title={name} data-typing={person.typing && person.user_id !== me.user_id}>
            <Face id={person.user_id} name={person.name} />
            <span className={styles.name}>{name}</span>
          </li>
        );
      })}
      {others.length > 0 && (
        <li className={styles.others} title={others.map(({ name }) => name).join(", ")}>
          +{others.length}
        </li>
      )}
    </ul>
  );
}
