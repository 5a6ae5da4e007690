import { needsKey, observed, testObserved } from './testing/observed-transcripts.ts';

testObserved(observed.filter(needsKey));
