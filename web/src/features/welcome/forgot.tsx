/** The way back for who forgot the password. */
import { askRecovery } from "@/state/letters";
import { Ask } from "./ask";

export default function Forgot() {
  return (
    <Ask
      title="Forgotten password"
      words="You get a mail with a link to choose a new password. It works once, within 15 minutes."
      send={askRecovery}
      then="Until you choose a new password, the old one counts."
    />
  );
}
