// The player of the watch page and of the <video> snippet.
'use strict';
