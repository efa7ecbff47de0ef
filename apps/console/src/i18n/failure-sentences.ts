/**
 * What every refusal means to the reader, and the way out, in both languages. Keyed by the failure's code; values in it come from
 * the failure's details. A test finds every code in the BFF's source and asks for it here.
 */
import type { Locale } from "./locale.ts";
import { capital, nameRoles } from "./roles.ts";

export type FailureSentence = { readonly sentence: string; readonly wayOut: string };
type Details = Readonly<Record<string, unknown>>;
type Entry = (details: Details) => { readonly en: readonly [string, string]; readonly fr: readonly [string, string] };

const text = (value: unknown, otherwise: string): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : otherwise;
/** "24 MiB", or a word where the limit was not named. */
const mebibytes = (value: unknown, unit: string, otherwise: string): string =>
  typeof value === "number" ? `${Math.round(value / 1024 / 1024)} ${unit}` : otherwise;

const NO_HOST: Readonly<Record<string, { readonly en: string; readonly fr: string }>> = {
  "none-enrolled": { en: "none is enrolled", fr: "aucun n'est enrôlé" },
  "capability-missing": { en: "none can do what this template needs", fr: "aucun ne sait faire ce que ce modèle demande" },
  lost: { en: "they have gone silent", fr: "ils ne donnent plus signe de vie" },
  cordoned: { en: "they are cordoned", fr: "ils sont isolés" },
  draining: { en: "they are draining", fr: "ils se vident" },
  drained: { en: "they are drained", fr: "ils sont vidés" },
  enrolling: { en: "they are still joining", fr: "ils arrivent encore" },
};

const reload = { en: "Load the page again.", fr: "Rechargez la page." };

const sentences = {
  "access.denied": ({ roles }) => {
    const known = Array.isArray(roles) ? roles.filter((role): role is string => typeof role === "string") : [];
    const who = { en: nameRoles("en", known), fr: nameRoles("fr", known) };
    return {
      en: ["Your role does not allow this.", who.en === null ? "Nobody does this by hand." : `${who.en} can: ask one of them.`],
      fr: [
        "Votre rôle ne permet pas cela.",
        who.fr === null ? "Personne ne fait cela à la main." : `${capital(who.fr)} le peuvent : demandez à l'un d'eux.`,
      ],
    };
  },

  "archives.empty": () => ({
    en: ["The archive holds no file.", "Pack the template's code as a tar.gz and upload it again."],
    fr: ["L'archive ne contient aucun fichier.", "Emballez le code du modèle dans un tar.gz et envoyez-le de nouveau."],
  }),
  "archives.not-an-archive": () => ({
    en: ["This file is not a tar.gz archive.", "Pack the code with `tar -czf code.tar.gz *` and upload that."],
    fr: ["Ce fichier n'est pas une archive tar.gz.", "Emballez le code avec `tar -czf code.tar.gz *` et envoyez cela."],
  }),
  "archives.path": ({ path }) => ({
    en: [
      `The archive holds a path that leads outside it or is too long: ${text(path, "an entry")}.`,
      "Use plain relative paths, without `..`, below the archive's root.",
    ],
    fr: [
      `L'archive contient un chemin qui en sort ou qui est trop long : ${text(path, "une entrée")}.`,
      "Utilisez des chemins relatifs simples, sans `..`, sous la racine de l'archive.",
    ],
  }),
  "archives.link": ({ path }) => ({
    en: [`The archive holds a link: ${text(path, "an entry")}.`, "Put the file itself in its place: links are not allowed."],
    fr: [`L'archive contient un lien : ${text(path, "une entrée")}.`, "Mettez le fichier lui-même à sa place : les liens sont interdits."],
  }),
  "archives.not-a-file": ({ path }) => ({
    en: [`The archive holds something that is neither file nor folder: ${text(path, "an entry")}.`, "Leave it out."],
    fr: [`L'archive contient autre chose qu'un fichier ou un dossier : ${text(path, "une entrée")}.`, "Retirez-le."],
  }),
  "archives.duplicate": ({ path }) => ({
    en: [`The archive holds this path twice: ${text(path, "an entry")}.`, "Pack it anew, each file once."],
    fr: [`L'archive contient deux fois ce chemin : ${text(path, "une entrée")}.`, "Refaites-la, chaque fichier une fois."],
  }),
  "archives.too-large": ({ maxBytes }) => ({
    en: [
      `The archive is larger than ${mebibytes(maxBytes, "MiB", "allowed")}.`,
      "Leave out what does not run: node_modules of tools, tests, pictures.",
    ],
    fr: [
      `L'archive dépasse ${mebibytes(maxBytes, "Mio", "la limite")}.`,
      "Retirez ce qui ne s'exécute pas : node_modules d'outils, tests, images.",
    ],
  }),
  "archives.too-many-files": () => ({
    en: ["The archive holds more than 2,000 files.", "Bundle the code into fewer files."],
    fr: ["L'archive contient plus de 2 000 fichiers.", "Regroupez le code en moins de fichiers."],
  }),
  "archives.missing": () => ({
    en: ["There is no such code archive in this tenant.", "Upload the code again and put the new digest into the manifest."],
    fr: [
      "Cette archive de code n'existe pas chez ce client.",
      "Envoyez le code de nouveau et inscrivez la nouvelle empreinte dans le manifeste.",
    ],
  }),
  "archives.file-missing": ({ path }) => ({
    en: [`The archive holds no file ${text(path, "of that name")}.`, "Choose a file from the list."],
    fr: [`L'archive ne contient pas le fichier ${text(path, "de ce nom")}.`, "Choisissez un fichier de la liste."],
  }),

  "blob.missing": () => ({
    en: ["These bytes are not in the store.", "Upload them again; if they were there before, tell an operator."],
    fr: ["Ces octets ne sont pas dans le stockage.", "Envoyez-les de nouveau ; s'ils y étaient, prévenez un opérateur."],
  }),
  "blob.corrupt": () => ({
    en: [
      "The stored bytes do not match their digest, so they are not used.",
      "Tell an operator: the store needs a repair. Uploading the same content again mends it.",
    ],
    fr: [
      "Les octets stockés ne correspondent pas à leur empreinte : ils ne sont pas utilisés.",
      "Prévenez un opérateur : le stockage est abîmé. Envoyer le même contenu le répare.",
    ],
  }),
  "blob.too-large": ({ maxBytes }) => ({
    en: [`This is larger than ${mebibytes(maxBytes, "MiB", "allowed")}.`, "Make it smaller, or split it."],
    fr: [`Cela dépasse ${mebibytes(maxBytes, "Mio", "la limite")}.`, "Réduisez-le ou découpez-le."],
  }),

  "drafts.missing": () => ({
    en: ["There is no such draft in this tenant.", "It may have been removed, or belong to another tenant. Go back to the template."],
    fr: ["Ce brouillon n'existe pas chez ce client.", "Il a pu être supprimé ou appartenir à un autre client. Revenez au modèle."],
  }),
  "drafts.stale": ({ updatedByName }) => ({
    en: [
      `${text(updatedByName, "Somebody")} saved this draft after you opened it.`,
      "Compare both texts and choose which to keep. Yours is still here.",
    ],
    fr: [
      `${text(updatedByName, "Quelqu'un")} a enregistré ce brouillon après que vous l'avez ouvert.`,
      "Comparez les deux textes et choisissez. Le vôtre est toujours là.",
    ],
  }),
  "drafts.closed": () => ({
    en: ["This draft is closed: it was discarded or published.", "Restore it, or start a new draft."],
    fr: ["Ce brouillon est fermé : il a été écarté ou publié.", "Restaurez-le, ou commencez un nouveau brouillon."],
  }),
  "drafts.invalid": () => ({
    en: ["The manifest has errors.", "They are marked in the text; correct them first."],
    fr: ["Le manifeste contient des erreurs.", "Elles sont signalées dans le texte ; corrigez-les d'abord."],
  }),
  "drafts.not-text": () => ({
    en: ["The text holds a NUL or half a character, which cannot be kept.", "Remove it: it came in with what was pasted."],
    fr: ["Le texte contient un NUL ou une moitié de caractère, impossible à conserver.", "Retirez-le : il est venu avec un collage."],
  }),
  "drafts.policy-refused": () => ({
    en: ["A policy refuses this manifest.", "The rule and its fix stand beside the text."],
    fr: ["Une règle refuse ce manifeste.", "La règle et sa correction sont à côté du texte."],
  }),

  "fleet.host-missing": () => ({
    en: ["There is no such host.", "It may have been revoked. Look at the list again."],
    fr: ["Cet hôte n'existe pas.", "Il a pu être révoqué. Revoyez la liste."],
  }),
  "fleet.wrong-state": ({ state }) => ({
    en: [
      `The host is ${text(state, "in another state")} now, so this does not apply.`,
      "Somebody else was faster. The list shows what is true now.",
    ],
    fr: [
      `L'hôte est maintenant ${text(state, "dans un autre état")} : cela ne s'applique plus.`,
      "Quelqu'un a été plus rapide. La liste montre l'état actuel.",
    ],
  }),
  "fleet.host-revoked": () => ({
    en: ["This host was revoked and cannot come back.", "Enrol the machine again with a new join token."],
    fr: ["Cet hôte a été révoqué et ne peut pas revenir.", "Enrôlez la machine de nouveau avec un nouveau jeton."],
  }),
  "fleet.join-token-used": () => ({
    en: ["This join token was used already: one token enrols one host.", "Make a new join command."],
    fr: ["Ce jeton a déjà servi : un jeton enrôle un hôte.", "Créez une nouvelle commande."],
  }),
  "fleet.join-token-expired": () => ({
    en: ["This join token has expired.", "Make a new join command and use it in time."],
    fr: ["Ce jeton a expiré.", "Créez une nouvelle commande et utilisez-la à temps."],
  }),
  "fleet.join-token-unknown": () => ({
    en: ["This join token is not one of ours.", "Copy the whole command again, or make a new one."],
    fr: ["Ce jeton n'est pas un des nôtres.", "Copiez la commande entière, ou créez-en une nouvelle."],
  }),
  "fleet.clock-skew": ({ hostClock, registryClock }) => ({
    en: [
      `The host's clock says ${text(hostClock, "another time")}, ours says ${text(registryClock, "otherwise")}: too far apart.`,
      "Set the host's clock (NTP) and start it again.",
    ],
    fr: [
      `L'horloge de l'hôte indique ${text(hostClock, "une autre heure")}, la nôtre ${text(registryClock, "une autre")} : l'écart est trop grand.`,
      "Réglez l'horloge de l'hôte (NTP) et redémarrez-le.",
    ],
  }),
  "fleet.csr-invalid": () => ({
    en: ["The host's certificate request could not be read.", "Update the runtime agent and enrol it again."],
    fr: ["La demande de certificat de l'hôte est illisible.", "Mettez l'agent à jour et enrôlez-le de nouveau."],
  }),
  "fleet.unproven": () => ({
    en: ["The host could not prove its sandbox, so it gets no work.", "Look at the proof in its log and mend what failed."],
    fr: [
      "L'hôte n'a pas prouvé son bac à sable : il ne reçoit pas de travail.",
      "Regardez la preuve dans son journal et réparez ce qui a échoué.",
    ],
  }),
  "fleet.platform-host": () => ({
    en: ["This host belongs to the platform and serves several tenants.", "The platform's operators look after it."],
    fr: ["Cet hôte appartient à la plateforme et sert plusieurs clients.", "Les opérateurs de la plateforme s'en occupent."],
  }),
  "fleet.tenant-not-served": () => ({
    en: ["This host does not serve that tenant.", "Enrol it with a join token of the tenant that it is to serve."],
    fr: ["Cet hôte ne sert pas ce client.", "Enrôlez-le avec un jeton du client qu'il doit servir."],
  }),
  "fleet.serves-own-tenant": () => ({
    en: ["This host serves its own tenant only.", "Choose a host of this tenant."],
    fr: ["Cet hôte ne sert que son propre client.", "Choisissez un hôte de ce client."],
  }),

  "members.no-tenant": () => ({
    en: ["This needs a tenant.", "Choose a tenant at the top left."],
    fr: ["Il faut un client pour cela.", "Choisissez un client en haut à gauche."],
  }),

  "registry.database-away": () => ({
    en: ["The registry cannot reach its database.", "Nothing is lost. It is tried again; if it stays away, tell an operator."],
    fr: ["Le registre ne joint pas sa base de données.", "Rien n'est perdu. Un nouvel essai a lieu ; si cela dure, prévenez un opérateur."],
  }),

  "request.invalid": () => ({
    en: ["The console sent something the registry does not understand.", `${reload.en} If it stays, report the trace id.`],
    fr: [
      "La console a envoyé quelque chose que le registre ne comprend pas.",
      `${reload.fr} Si cela persiste, signalez l'identifiant de trace.`,
    ],
  }),
  "request.malformed": () => ({
    en: ["The request could not be read.", reload.en],
    fr: ["La requête est illisible.", reload.fr],
  }),
  "request.too-large": ({ maxBytes }) => ({
    en: [`This is larger than ${mebibytes(maxBytes, "MiB", "allowed")}.`, "Make it smaller, or split it."],
    fr: [`Cela dépasse ${mebibytes(maxBytes, "Mio", "la limite")}.`, "Réduisez-le ou découpez-le."],
  }),
  "request.unknown-path": () => ({
    en: ["The registry knows no such address.", `The console may be newer than the registry. ${reload.en}`],
    fr: ["Le registre ne connaît pas cette adresse.", `La console est peut-être plus récente que le registre. ${reload.fr}`],
  }),
  "request.foreign-origin": () => ({
    en: ["This request came from another site, so it was refused.", "Use the console itself."],
    fr: ["Cette requête vient d'un autre site : elle a été refusée.", "Utilisez la console elle-même."],
  }),

  "reviews.missing": () => ({
    en: ["There is no such review in this tenant.", "It may belong to another tenant. Look through the list."],
    fr: ["Cette revue n'existe pas chez ce client.", "Elle appartient peut-être à un autre client. Parcourez la liste."],
  }),
  "reviews.comments-full": ({ max }) => ({
    en: [
      `This review holds ${text(max, "many")} remarks, and no more.`,
      "Decide on it, or withdraw it and ask again: a new review is empty.",
    ],
    fr: [
      `Cette revue contient ${text(max, "trop de")} remarques, et n'en prend pas d'autres.`,
      "Décidez, ou retirez-la et redemandez une revue : la nouvelle sera vide.",
    ],
  }),
  "reviews.comment-missing": () => ({
    en: ["The remark this belongs to is not there.", "Load the page again, and say it anew."],
    fr: ["La remarque dont il s'agit n'est pas là.", "Rechargez la page et écrivez-la de nouveau."],
  }),
  "reviews.closed": () => ({
    en: ["This review has ended.", "The page shows how. A draft that is still open can be sent for review again."],
    fr: ["Cette revue est close.", "La page montre comment. Un brouillon encore ouvert peut repartir en revue."],
  }),
  "reviews.stale": ({ revision }) => ({
    en: [
      `Somebody changed it while you were reading: it is revision ${text(revision, "another")} now.`,
      "Nothing was decided. Look at what changed, then decide.",
    ],
    fr: [
      `Quelqu'un l'a modifié pendant votre lecture : c'est maintenant la révision ${text(revision, "suivante")}.`,
      "Rien n'a été décidé. Voyez ce qui a changé, puis décidez.",
    ],
  }),
  "reviews.policy-changed": () => ({
    en: ["The policy changed since this was judged.", "It is judged anew. Look at the checks, then decide."],
    fr: ["Les règles ont changé depuis l'examen.", "Il est examiné de nouveau. Voyez les vérifications, puis décidez."],
  }),
  "reviews.contributor": () => ({
    en: ["You wrote part of it, so you cannot decide on it.", "Somebody else has to; the review names who can."],
    fr: ["Vous y avez écrit : vous ne pouvez pas en décider.", "Quelqu'un d'autre doit le faire ; la revue nomme qui le peut."],
  }),
  "reviews.not-sound": () => ({
    en: ["It cannot be approved as it stands: a check failed.", "The checks say what to mend in the draft."],
    fr: ["Impossible de l'approuver en l'état : une vérification a échoué.", "Les vérifications disent quoi corriger dans le brouillon."],
  }),
  "reviews.exists": ({ number }) => ({
    en: [`This draft is under review already: #${text(number, "…")}.`, "Open that review; what you save becomes its next revision."],
    fr: [
      `Ce brouillon est déjà en revue : n° ${text(number, "…")}.`,
      "Ouvrez cette revue ; ce que vous enregistrez en devient la révision suivante.",
    ],
  }),
  "reviews.not-approved": () => ({
    en: ["It is not approved, so it is not published.", "Ask those who can to approve it; the review names them."],
    fr: ["Ce n'est pas approuvé, donc pas publié.", "Demandez une approbation à ceux qui peuvent la donner ; la revue les nomme."],
  }),
  "reviews.approvals-missing": ({ given, required }) => ({
    en: [
      `${text(given, "Too few")} of the ${text(required, "needed")} approvals count now: somebody lost their role, or the policy asks for more.`,
      "Somebody else who can has to approve it as well.",
    ],
    fr: [
      `Sur les approbations demandées (${text(required, "…")}), seules celles-ci comptent encore : ${text(given, "aucune")}. Un rôle a été perdu, ou les règles en demandent plus.`,
      "Une autre personne habilitée doit aussi approuver.",
    ],
  }),

  "runs.missing": () => ({
    en: ["There is no such run in this tenant.", "Its address may be incomplete. Look for it among the runs."],
    fr: ["Cette exécution n'existe pas chez ce client.", "L'adresse est peut-être incomplète. Cherchez-la parmi les exécutions."],
  }),
  "runs.range-and-channel": () => ({
    en: ["A run is of a version range or of a channel, not of both.", "Name one of them."],
    fr: ["Une exécution vise une plage de versions ou un canal, pas les deux.", "Indiquez l'un ou l'autre."],
  }),
  "quotas.held": ({ source, reason }) =>
    typeof source === "string" && source.startsWith("budget")
      ? {
          en: [
            "New runs are refused: the budget of this month is used up.",
            "A manager or an administrator can raise it or release the hold, in Costs.",
          ],
          fr: [
            "Les nouvelles exécutions sont refusées : le budget de ce mois est épuisé.",
            "Un gestionnaire ou un administrateur peut l'augmenter ou lever le blocage, dans Coûts.",
          ],
        }
      : {
          en: [`New runs are refused: ${text(reason, "they are held")}.`, "A manager or an administrator can release the hold."],
          fr: [
            `Les nouvelles exécutions sont refusées : ${text(reason, "elles sont bloquées")}.`,
            "Un gestionnaire ou un administrateur peut lever ce blocage.",
          ],
        },
  "quotas.hold-missing": () => ({
    en: ["There is no such hold, or it was released.", "Reload the page to see those that are left."],
    fr: ["Ce blocage n'existe pas, ou il a été levé.", "Rechargez la page pour voir ceux qui restent."],
  }),
  "channels.missing": () => ({
    en: ["The template has no such channel.", "Look at its channels, or create one."],
    fr: ["Le modèle n'a pas ce canal.", "Consultez ses canaux, ou créez-en un."],
  }),
  "channels.name-taken": () => ({
    en: ["The template has a channel of this name.", "Choose another name."],
    fr: ["Le modèle a déjà un canal de ce nom.", "Choisissez un autre nom."],
  }),
  "channels.no-valid-version": () => ({
    en: ["The channel has no version that may run now.", "Start a rollout of a valid version on it."],
    fr: ["Le canal n'a aucune version exécutable en ce moment.", "Lancez-y le déploiement d'une version valable."],
  }),
  "rollouts.missing": () => ({
    en: ["There is no such rollout in this tenant.", "Look for it among the rollouts."],
    fr: ["Ce déploiement n'existe pas chez ce client.", "Cherchez-le parmi les déploiements."],
  }),
  "rollouts.ended": () => ({
    en: ["The rollout is over.", "Its page says how it ended."],
    fr: ["Le déploiement est terminé.", "Sa page dit comment."],
  }),
  "rollouts.not-paused": () => ({
    en: ["The rollout is not paused.", "Reload the page to see where it is."],
    fr: ["Le déploiement n'est pas en pause.", "Rechargez la page pour voir où il en est."],
  }),
  "rollouts.no-gate": () => ({
    en: ["The present step has no closed gate.", "Reload the page to see where it is."],
    fr: ["L'étape en cours n'a pas de porte fermée.", "Rechargez la page pour voir où elle en est."],
  }),
  "rollouts.gate-waiting": () => ({
    en: ["The rollout waits at a gate.", "Open the gate first, then promote it."],
    fr: ["Le déploiement attend à une porte.", "Ouvrez d'abord la porte, puis promouvez-le."],
  }),
  "rollouts.live": () => ({
    en: ["A rollout runs on this channel.", "Wait for its end, or abort it."],
    fr: ["Un déploiement est en cours sur ce canal.", "Attendez sa fin, ou abandonnez-le."],
  }),
  "rollouts.same-version": () => ({
    en: ["The channel has this version already.", "Choose another version."],
    fr: ["Le canal a déjà cette version.", "Choisissez une autre version."],
  }),
  "rollouts.version-unusable": () => ({
    en: ["This version cannot be rolled out.", "It is revoked, not signed yet, or no host runs it: its template says which."],
    fr: [
      "Cette version ne peut pas être déployée.",
      "Elle est révoquée, pas encore signée, ou aucun hôte ne l'exécute : son modèle le dit.",
    ],
  }),
  "rollouts.baseline-revoked": () => ({
    en: ["The baseline was revoked: there is nothing left to compare with.", "Promote the canary, or abort the rollout."],
    fr: ["La référence a été révoquée : il n'y a plus rien à comparer.", "Promouvez le canari, ou abandonnez le déploiement."],
  }),
  "rollouts.moved-on": () => ({
    en: ["The rollout moved on meanwhile.", "Reload the page and try again."],
    fr: ["Le déploiement a avancé entre-temps.", "Rechargez la page et réessayez."],
  }),
  "plans.missing": () => ({
    en: ["There is no such rollout plan.", "Propose it, or choose another for the channel."],
    fr: ["Ce plan de déploiement n'existe pas.", "Proposez-le, ou choisissez-en un autre pour le canal."],
  }),
  "plans.unsigned": () => ({
    en: ["The plan waits for its signature.", "It is signed within moments of its publication; try again then."],
    fr: ["Le plan attend sa signature.", "Il est signé dans les instants qui suivent sa publication ; réessayez alors."],
  }),
  "plans.distrusted": () => ({
    en: [
      "The plan was signed by a key that has been distrusted since.",
      "Propose a change of it: its next revision is signed by the key of today.",
    ],
    fr: [
      "Le plan a été signé par une clé qui est refusée depuis.",
      "Proposez-en un changement : sa prochaine révision sera signée par la clé d'aujourd'hui.",
    ],
  }),
  "plans.invalid": () => ({
    en: ["The plan has errors.", "The places are listed; correct them and propose it again."],
    fr: ["Le plan contient des erreurs.", "Les endroits sont listés ; corrigez-les et proposez-le à nouveau."],
  }),
  "plans.name-mismatch": () => ({
    en: ["The text names another plan.", "Give it the name of this plan."],
    fr: ["Le texte nomme un autre plan.", "Donnez-lui le nom de ce plan."],
  }),
  "plans.nothing-changed": () => ({
    en: ["The plan says what its latest revision says.", "Change it, or leave it."],
    fr: ["Le plan dit la même chose que sa dernière révision.", "Modifiez-le, ou laissez-le."],
  }),
  "plans.proposed": () => ({
    en: ["A proposal of this plan is under review.", "Wait for its end, or withdraw it."],
    fr: ["Une proposition de ce plan est en revue.", "Attendez sa fin, ou retirez-la."],
  }),
  "plans.base-outdated": () => ({
    en: ["Another revision of the plan was published meanwhile.", "Propose the change again on top of it."],
    fr: ["Une autre révision du plan a été publiée entre-temps.", "Proposez à nouveau le changement à partir d'elle."],
  }),
  "runs.no-host-ready": ({ reason }) => {
    const why = NO_HOST[typeof reason === "string" ? reason : ""] ?? {
      en: "none takes work now",
      fr: "aucun ne prend de travail en ce moment",
    };
    return {
      en: [`No host is ready: ${why.en}.`, "Open Fleet to see why, or to add a host."],
      fr: [`Aucun hôte n'est prêt : ${why.fr}.`, "Ouvrez Parc pour voir pourquoi, ou pour ajouter un hôte."],
    };
  },
  "runs.input-invalid": () => ({
    en: ["The input does not fit what the template takes.", "The places are listed below the input; correct them and try again."],
    fr: ["L'entrée ne correspond pas à ce que le modèle attend.", "Les endroits sont listés sous l'entrée ; corrigez-les et réessayez."],
  }),
  "runs.input-too-large": ({ maxBytes }) => ({
    en: [`The input is larger than ${mebibytes(maxBytes, "MiB", "allowed")}.`, "Try it on a part of it."],
    fr: [`L'entrée dépasse ${mebibytes(maxBytes, "Mio", "la limite")}.`, "Essayez sur une partie."],
  }),
  "runs.no-output": () => ({
    en: ["This run has no output.", "It may not have finished, or it failed: its state says which."],
    fr: ["Cette exécution n'a pas de sortie.", "Elle n'est peut-être pas finie, ou elle a échoué : son état le dit."],
  }),
  "runs.not-waiting": () => ({
    en: ["This run is no longer waiting.", "Its state says what became of it."],
    fr: ["Cette exécution n'attend plus.", "Son état dit ce qu'elle est devenue."],
  }),
  "runs.lease-lost": () => ({
    en: ["The host no longer holds this run.", "Nothing to do: the run goes on elsewhere."],
    fr: ["L'hôte ne tient plus cette exécution.", "Rien à faire : elle continue ailleurs."],
  }),
  "runs.blob-unnamed": () => ({
    en: ["The host asked for something its run does not name.", "Report the trace id to an operator."],
    fr: ["L'hôte a demandé une chose que son exécution ne nomme pas.", "Signalez l'identifiant de trace à un opérateur."],
  }),
  "runs.no-tenant": () => ({
    en: ["This needs a tenant.", "Choose a tenant at the top left."],
    fr: ["Il faut un client pour cela.", "Choisissez un client en haut à gauche."],
  }),

  "session.signed-out": () => ({
    en: ["You are signed out.", "Sign in again; what you typed stays here."],
    fr: ["Vous êtes déconnecté.", "Reconnectez-vous ; ce que vous avez saisi reste ici."],
  }),
  "session.token-invalid": () => ({
    en: ["Your session is no longer valid.", "Sign in again; what you typed stays here."],
    fr: ["Votre session n'est plus valable.", "Reconnectez-vous ; ce que vous avez saisi reste ici."],
  }),
  "session.no-tenant": () => ({
    en: ["You are signed in, but you are a member of no tenant here.", "Ask an administrator to add you, or sign in as somebody else."],
    fr: [
      "Vous êtes connecté, mais vous n'êtes membre d'aucun client ici.",
      "Demandez à un administrateur de vous ajouter, ou connectez-vous autrement.",
    ],
  }),
  "session.issuer-away": () => ({
    en: ["The sign-in service does not answer.", "Nothing is lost. It is tried again; if it stays away, tell an operator."],
    fr: ["Le service de connexion ne répond pas.", "Rien n'est perdu. Un nouvel essai a lieu ; si cela dure, prévenez un opérateur."],
  }),

  "signing.key-missing": () => ({
    en: ["There is no such signing key in this tenant.", reload.en],
    fr: ["Cette clé de signature n'existe pas chez ce client.", reload.fr],
  }),
  "signing.distrust-in-future": () => ({
    en: [
      "A key cannot be distrusted from a moment in the future.",
      "Choose now, or the moment from which it may have been in other hands.",
    ],
    fr: [
      "On ne peut pas retirer la confiance à une clé à partir d'un moment futur.",
      "Choisissez maintenant, ou le moment depuis lequel elle a pu être en d'autres mains.",
    ],
  }),
  "signing.no-key": () => ({
    en: ["The tenant's signing key is just changing.", "Try again in a moment."],
    fr: ["La clé de signature du client est en train de changer.", "Réessayez dans un instant."],
  }),
  "signing.no-tenant": () => ({
    en: ["A key and a signature belong to a tenant, and none was named.", "Choose a tenant and try again."],
    fr: ["Une clé et une signature appartiennent à un client, et aucun n'a été nommé.", "Choisissez un client et réessayez."],
  }),
  "signing.subject-signed": ({ subjectName }) => ({
    en: [
      `${text(subjectName, "This")} was signed before, with other content.`,
      "Nothing is signed twice: publish the change as a new version.",
    ],
    fr: [
      `${text(subjectName, "Ceci")} a déjà été signé, avec un autre contenu.`,
      "Rien n'est signé deux fois : publiez le changement comme nouvelle version.",
    ],
  }),
  "signing.statement-mismatch": () => ({
    en: ["What was to be signed does not speak of the version it was made for. Nothing was signed.", "Tell whoever runs the registry."],
    fr: ["Ce qui devait être signé ne parle pas de la version visée. Rien n'a été signé.", "Prévenez qui exploite le registre."],
  }),
  "signing.entry-missing": ({ index, size }) => ({
    en: [
      `The log has no entry ${text(index, "with this number")}: it has ${text(size, "fewer")}.`,
      "Open the log and choose from its entries.",
    ],
    fr: [
      `Le journal n'a pas d'entrée ${text(index, "de ce numéro")} : il en a ${text(size, "moins")}.`,
      "Ouvrez le journal et choisissez parmi ses entrées.",
    ],
  }),
  "signing.tree-missing": () => ({
    en: ["The log has no such tree.", "Open the log: it lists its trees, those that are closed too."],
    fr: ["Le journal n'a pas d'arbre de ce numéro.", "Ouvrez le journal : il liste ses arbres, fermés compris."],
  }),
  "signing.log-closed": () => ({
    en: ["The transparency log is just being opened.", "Try again in a moment."],
    fr: ["Le journal de transparence est en train de s'ouvrir.", "Réessayez dans un instant."],
  }),
  "signing.log-behind": ({ kept, found }) => ({
    en: [
      `The database is behind the transparency log it promised (${text(found, "fewer")} entries, ${text(kept, "more")} were promised). Nothing is signed.`,
      "It was probably restored from an older backup: whoever runs the registry restores a newer one or gives this log up, as its message says.",
    ],
    fr: [
      `La base est en retard sur le journal de transparence promis (${text(found, "moins d'")} entrées, ${text(kept, "davantage")} promises). Rien n'est signé.`,
      "Elle a sans doute été restaurée d'une sauvegarde trop ancienne : qui exploite le registre en restaure une plus récente ou abandonne ce journal, comme le dit son message.",
    ],
  }),
  "signing.kek-wrong": ({ sealedUnder }) => ({
    en: [
      "The registry's key-encryption key is not the one that the stored keys were sealed under. Nothing is signed.",
      `Whoever runs the registry sets KEY_ENCRYPTION_KEY to the former key (${text(sealedUnder, "see its log")}) or restores its file.`,
    ],
    fr: [
      "La clé de chiffrement du registre n'est pas celle sous laquelle les clés ont été scellées. Rien n'est signé.",
      `Qui exploite le registre remet l'ancienne clé dans KEY_ENCRYPTION_KEY (${text(sealedUnder, "voir son journal")}) ou restaure son fichier.`,
    ],
  }),
  "signing.seal-broken": () => ({
    en: ["A stored key cannot be opened: it was altered. Nothing is signed with it.", "Whoever runs the registry restores the database."],
    fr: [
      "Une clé conservée ne s'ouvre pas : elle a été altérée. Rien n'est signé avec elle.",
      "Qui exploite le registre restaure la base.",
    ],
  }),

  "templates.missing": ({ name }) => ({
    en: [`There is no template ${text(name, "of that name")} in this tenant.`, "It may belong to another tenant. Look through the list."],
    fr: [
      `Il n'y a pas de modèle ${text(name, "de ce nom")} chez ce client.`,
      "Il appartient peut-être à un autre client. Parcourez la liste.",
    ],
  }),
  "templates.version-missing": ({ semver }) => ({
    en: [`There is no version ${text(semver, "of that number")} of this template.`, "Choose one from its list of versions."],
    fr: [`Il n'y a pas de version ${text(semver, "de ce numéro")} de ce modèle.`, "Choisissez-en une dans la liste."],
  }),
  "templates.name-taken": ({ name }) => ({
    en: [`The name ${text(name, "")} is taken in this tenant.`.replace("  ", " "), "Choose another name, or change that template."],
    fr: [`Le nom ${text(name, "")} est déjà pris chez ce client.`.replace("  ", " "), "Choisissez un autre nom, ou modifiez ce modèle."],
  }),
  "templates.name-changed": () => ({
    en: ["A template keeps its name for life.", "Put the old name back, or create a new template."],
    fr: ["Un modèle garde son nom pour toujours.", "Remettez l'ancien nom, ou créez un nouveau modèle."],
  }),
  "templates.invalid": () => ({
    en: ["The manifest has errors.", "They are marked in the text; correct them first."],
    fr: ["Le manifeste contient des erreurs.", "Elles sont signalées dans le texte ; corrigez-les d'abord."],
  }),
  "templates.nothing-changed": () => ({
    en: ["Nothing changed since the published version.", "Change something first."],
    fr: ["Rien n'a changé depuis la version publiée.", "Modifiez d'abord quelque chose."],
  }),
  "templates.range-invalid": ({ range }) => ({
    en: [`${text(range, "This")} is no version and no range of versions.`, "Write 1.2.0, ^1.2.0, ~1.2.0, >=1.2.0, 1.x or latest."],
    fr: [`${text(range, "Ceci")} n'est ni une version ni une plage.`, "Écrivez 1.2.0, ^1.2.0, ~1.2.0, >=1.2.0, 1.x ou latest."],
  }),
  "templates.no-version": ({ name, range }) => ({
    en: [
      `No version of ${text(name, "this template")} fits ${text(range, "what was asked for")}.`,
      "Publish one, or ask for another range. Revoked versions never fit.",
    ],
    fr: [
      `Aucune version de ${text(name, "ce modèle")} ne convient à ${text(range, "la demande")}.`,
      "Publiez-en une, ou demandez une autre plage. Une version révoquée ne convient jamais.",
    ],
  }),
  "signing.trail-busy": () => ({
    en: ["The trail is just being checked.", "Wait until that is done, then ask again."],
    fr: ["Le journal d'audit est justement en cours de vérification.", "Attendez la fin, puis redemandez."],
  }),
  "templates.untrusted": ({ semver }) => ({
    en: [
      `The key that signed ${text(semver, "this version")} is distrusted, so every host refuses it.`,
      "Publish the content again: the key of today signs it.",
    ],
    fr: [
      `La clé qui a signé ${text(semver, "cette version")} n'est plus digne de confiance : tous les hôtes la refusent.`,
      "Publiez de nouveau le contenu : la clé d'aujourd'hui le signera.",
    ],
  }),
  "templates.unsigned": ({ semver }) => ({
    en: [
      `${text(semver, "This version")} waits for its signature; nothing runs it before.`,
      "It is signed within seconds. Try again in a moment.",
    ],
    fr: [
      `${text(semver, "Cette version")} attend sa signature ; rien ne l'exécute avant.`,
      "Elle est signée en quelques secondes. Réessayez.",
    ],
  }),
  "templates.not-runnable": ({ semver }) => ({
    en: [`No host runs ${text(semver, "this version")} as it is written.`, "Its driver or its code is missing. Run another version."],
    fr: [
      `Aucun hôte n'exécute ${text(semver, "cette version")} telle qu'elle est écrite.`,
      "Son pilote ou son code manque. Exécutez une autre version.",
    ],
  }),
  "templates.version-revoked": ({ semver }) => ({
    en: [
      `${text(semver, "This version")} was revoked, for good: it runs no more.`,
      "Run another version; its page says why this one was revoked.",
    ],
    fr: [
      `${text(semver, "Cette version")} a été révoquée, définitivement : elle ne s'exécute plus.`,
      "Exécutez une autre version ; la page de celle-ci dit pourquoi elle a été révoquée.",
    ],
  }),
  "templates.digest-revoked": ({ name, semver }) => ({
    en: [
      `This is the content of ${text(name, "a template")} ${text(semver, "")}, which was revoked: published again, it would never run.`,
      "Change the draft and ask for a review of what it then is.",
    ],
    fr: [
      `C'est le contenu de ${text(name, "un modèle")} ${text(semver, "")}, qui a été révoqué : publié de nouveau, il ne s'exécuterait jamais.`,
      "Modifiez le brouillon et demandez la revue de ce qu'il est devenu.",
    ],
  }),
  "templates.base-outdated": () => ({
    en: [
      "Another version was published meanwhile.",
      "Rebase the draft: its text stays and is compared with the newest version; approvals are given anew.",
    ],
    fr: [
      "Une autre version a été publiée entre-temps.",
      "Rebasez le brouillon : son texte reste et se compare à la version la plus récente ; les approbations sont à redonner.",
    ],
  }),
  "templates.no-tenant": () => ({
    en: ["This needs a tenant.", "Choose a tenant at the top left."],
    fr: ["Il faut un client pour cela.", "Choisissez un client en haut à gauche."],
  }),
  "budgets.missing": () => ({
    en: ["This budget is gone.", "Somebody removed it: load the page again."],
    fr: ["Ce budget n'existe plus.", "Quelqu'un l'a supprimé : rechargez la page."],
  }),
  "budgets.exists": ({ templateName }) => ({
    en: [
      `There is a budget for ${text(templateName, "the whole tenant")} already.`,
      "Change that one: what may be spent has one limit for each scope.",
    ],
    fr: [
      `Il y a déjà un budget pour ${text(templateName, "tout le client")}.`,
      "Modifiez-le : chaque périmètre n'a qu'une limite de dépense.",
    ],
  }),
  "prices.other-currency": ({ expected }) => ({
    en: [
      `This tenant counts in ${text(expected, "another currency")}.`,
      "Enter the prices in that currency: amounts of two cannot be added.",
    ],
    fr: [
      `Ce client compte en ${text(expected, "une autre devise")}.`,
      "Saisissez les prix dans cette devise : deux devises ne s'additionnent pas.",
    ],
  }),
  "prices.in-the-past": () => ({
    en: ["Prices cannot begin in the past.", "What was counted keeps its cost: choose now or a later moment."],
    fr: ["Des prix ne peuvent pas commencer dans le passé.", "Ce qui est compté garde son coût : choisissez maintenant ou plus tard."],
  }),
  "tokens.missing": () => ({
    en: ["There is no such token.", "Look at the list of tokens: it may have been revoked by somebody else."],
    fr: ["Ce jeton n'existe pas.", "Regardez la liste des jetons : quelqu'un d'autre l'a peut-être révoqué."],
  }),
  "tokens.name-taken": ({ name }) => ({
    en: [`There is a token called ${text(name, "that")} already.`, "Choose another name, or revoke that one first."],
    fr: [`Il y a déjà un jeton nommé ${text(name, "ainsi")}.`, "Choisissez un autre nom, ou révoquez d'abord l'autre."],
  }),
  "tokens.too-many": ({ max }) => ({
    en: [`A tenant holds ${text(max, "200")} live tokens at most.`, "Revoke those that nothing uses any more."],
    fr: [`Un client a au plus ${text(max, "200")} jetons valides.`, "Révoquez ceux que plus rien n'utilise."],
  }),
  "idempotency.key-invalid": () => ({
    en: ["The Idempotency-Key cannot be used.", "Give 1 to 200 visible ASCII characters, such as a UUID."],
    fr: ["La clé Idempotency-Key est inutilisable.", "Donnez de 1 à 200 caractères ASCII visibles, un UUID par exemple."],
  }),
  "idempotency.key-reused": () => ({
    en: ["This Idempotency-Key was used for another request.", "Use a new key for every request that is not the same."],
    fr: ["Cette clé Idempotency-Key a servi à une autre requête.", "Prenez une nouvelle clé pour chaque requête différente."],
  }),
  "idempotency.under-way": () => ({
    en: ["The first request with this Idempotency-Key is still under way.", "Wait a moment, then send the same request again."],
    fr: ["La première requête avec cette clé Idempotency-Key est encore en cours.", "Attendez un instant, puis renvoyez la même requête."],
  }),
  "request.rate-limited": ({ retryAfterSeconds }) => ({
    en: ["Too many requests came at once.", `Wait ${text(retryAfterSeconds, "a few")} s, then go on.`],
    fr: ["Trop de requêtes sont arrivées à la fois.", `Attendez ${text(retryAfterSeconds, "quelques")} s, puis continuez.`],
  }),
  "usage.period-invalid": () => ({
    en: ["This period cannot be shown.", "Choose an end after the beginning, at most 400 days later."],
    fr: ["Cette période ne peut pas être affichée.", "Choisissez une fin après le début, 400 jours plus tard au plus."],
  }),
  "usage.too-many-buckets": ({ max }) => ({
    en: [`A chart shows at most ${text(max, "so many")} points.`, "Choose a shorter period, or longer steps."],
    fr: [`Un graphique montre au plus ${text(max, "tant de")} points.`, "Choisissez une période plus courte ou des pas plus longs."],
  }),
  "usage.outcomes-gone": ({ oldest }) => ({
    en: [
      "What these days were counted from is not kept any more.",
      `Their figures stay as they are. Begin at ${text(oldest, "a later day")} or later.`,
    ],
    fr: [
      "Ce à partir de quoi ces jours ont été comptés n'est plus conservé.",
      `Leurs chiffres restent tels quels. Commencez au ${text(oldest, "plus tard")} ou après.`,
    ],
  }),
  "usage.not-whole-days": () => ({
    en: ["Usage is counted anew for whole days only.", "Begin and end at midnight, UTC."],
    fr: ["La consommation ne se recompte que par jours entiers.", "Commencez et finissez à minuit, UTC."],
  }),

  /** Not the BFF's: what the console finds out by itself. */
  "console.unreachable": () => ({
    en: ["The registry does not answer.", "Nothing is lost. It is tried again by itself; if it stays away, tell an operator."],
    fr: ["Le registre ne répond pas.", "Rien n'est perdu. Un nouvel essai a lieu tout seul ; si cela dure, prévenez un opérateur."],
  }),
  "console.internal": () => ({
    en: ["Something broke on our side.", "Try again. If it stays, report the trace id to an operator."],
    fr: ["Quelque chose s'est cassé de notre côté.", "Réessayez. Si cela persiste, signalez l'identifiant de trace à un opérateur."],
  }),
} satisfies Record<string, Entry>;

export type KnownFailureCode = keyof typeof sentences;

export function isKnownFailure(code: string): code is KnownFailureCode {
  return Object.hasOwn(sentences, code);
}

/** The sentence and the way out; for a code we do not know, the registry's own English message. */
export function describeFailure(locale: Locale, failure: { code: string; message: string; details: Details }): FailureSentence {
  const entry: Entry | undefined = isKnownFailure(failure.code) ? sentences[failure.code] : undefined;
  const [sentence, wayOut] = entry?.(failure.details)[locale] ?? [failure.message.replace(/\.?$/, "."), ""];
  return { sentence, wayOut };
}
