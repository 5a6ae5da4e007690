/** The cases of the drivers that go to a server. A new file is one line here. */
import type { CaseDefinition } from '../../case.ts';
import { clusterCases } from './cluster-nodes.ts';
import { ftpCases } from './ftp-nodes.ts';
import { httpAnswerCases } from './http-answers.ts';
import { httpCases } from './http-nodes.ts';
import { httpOptionCases } from './http-options.ts';
import { httpServiceCases } from './http-service.ts';
import { iscsiCases } from './iscsi-nodes.ts';
import { iscsiProtocolCases } from './iscsi-protocol.ts';
import { iscsiTroubleCases } from './iscsi-troubles.ts';
import { iscsiUnitCases } from './iscsi-units.ts';
import { nfsAnswerCases } from './nfs-answers.ts';
import { nfsNameCases } from './nfs-names.ts';
import { nfsCases } from './nfs-nodes.ts';
import { sshCases } from './ssh-nodes.ts';
import { sshServerCases } from './ssh-servers.ts';
import { urlSchemeCases } from './url-schemes.ts';

/** Cases of nodes over what somebody else serves. */
export const networkCases: readonly CaseDefinition[] = [
  ...httpCases,
  ...httpOptionCases,
  ...httpServiceCases,
  ...httpAnswerCases,
  ...urlSchemeCases,
  ...ftpCases,
  ...sshCases,
  ...sshServerCases,
  ...nfsCases,
  ...nfsAnswerCases,
  ...nfsNameCases,
  ...iscsiCases,
  ...iscsiProtocolCases,
  ...iscsiUnitCases,
  ...iscsiTroubleCases,
  ...clusterCases,
];
