/** Read the QR code of a report from a picture. */
import { jsQR } from '../libraries.mjs';

const LARGEST = 1_600; // pixels on a side: a larger photograph is scaled down

/** Return the text of the QR code in a picture file; null if none is found. */
export async function readQr(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
  const brush = canvas.getContext('2d');
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data, width, height } = brush.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR(data, width, height)?.data ?? null;
}
