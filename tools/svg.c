/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes SVG 1.1 with a style sheet that follows prefers-color-scheme. Plain rules only, without
 * variables: many programs that show SVG support no more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/svg.h"
#include "tools/tool.h"

static const char style_head[] =
	"text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',"
	"sans-serif;font-size:13px}\n"
	".mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',"
	"monospace;font-size:11.5px}\n"
	".small{font-size:11px}\n.tiny{font-size:9.5px}\n.title{font-size:23px;font-weight:650}\n"
	".head{font-size:15px;font-weight:650}\n.name{font-size:14px;font-weight:650}\n"
	".own{font-weight:650}\n"
	"rect{stroke-width:1.25}\n.fill{fill-opacity:.17}\n.bar{stroke:none}\n"
	"rect.free{fill:none;stroke-dasharray:4 3}\nrect.faint{fill:none;stroke-opacity:.45}\n"
	"rect.hyp{fill-opacity:.3}\nrect.fw{fill-opacity:.12}\n"
	"rect.shared{fill:none;stroke-width:2.5}\n"
	"rect.res{fill:url(#hatch)}\n";

/* One rule set a scheme: page, border, text, dimmed text, and the colours of the guests. */
static const char *const schemes[2][13] = {
	{ "#ffffff", "#d1d9e0", "#1f2328", "#59636e", "#59636e",
	  "#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#0b7a83", "#8a6100", "#cf222e" },
	{ "#0d1117", "#3d444d", "#f0f6fc", "#9198a1", "#9198a1",
	  "#4493f8", "#f0883e", "#3fb950", "#ab7df8", "#f778ba", "#39c5cf", "#d29922", "#ff7b72" },
};

static FILE *body;
static char *body_text;
static size_t body_size;

static void write_scheme(FILE *f, const char *const *c)
{
	fprintf(f, "rect.page{fill:%s;stroke:%s}\nline{stroke:%s}\n", c[0], c[1], c[1]);
	fprintf(f, "text{fill:%s}\n.dim{fill:%s}\npath{stroke:%s}\n", c[2], c[3], c[4]);
	fprintf(f, "rect.free,rect.faint,rect.res{stroke:%s}\n", c[4]);
	fprintf(f, "rect.hyp,rect.fw{fill:%s;stroke:%s}\n", c[4], c[4]);
	fprintf(f, "rect.shared{stroke:%s}\n", c[2]);
	for (int i = 0; i < MAX_VMS; i++)
		fprintf(f, "rect.g%d{fill:%s;stroke:%s}\n", i, c[5 + i], c[5 + i]);
}

static void write_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", f);
		else if (*text == '<')
			fputs("&lt;", f);
		else if (*text == '>')
			fputs("&gt;", f);
		else if (*text == '"')
			fputs("&quot;", f);
		else
			fputc(*text < ' ' || *text > '~' ? '?' : *text, f);
	}
}

void svg_begin(void)
{
	_Static_assert(MAX_VMS == 8, "a colour for each guest");
	body = open_memstream(&body_text, &body_size);
	if (!body)
		die("no memory for a picture");
}

char *svg_end(int height, const char *title, const char *description, size_t *size)
{
	char *text;
	FILE *f;

	fclose(body);
	f = open_memstream(&text, size);
	if (!f)
		die("no memory for a picture");
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">",
		SVG_WIDTH, height, SVG_WIDTH, height);
	write_escaped(f, title);
	fputs("</title>\n<desc id=\"d\">", f);
	write_escaped(f, description);
	fputs("</desc>\n<style>\n", f);
	fputs(style_head, f);
	write_scheme(f, schemes[0]);
	fputs("@media (prefers-color-scheme:dark){\n", f);
	write_scheme(f, schemes[1]);
	fputs("}\n</style>\n<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" "
	      "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	      "<path d=\"M0 0V7\" stroke-width=\"2\" stroke-opacity=\".55\"/></pattern></defs>\n",
	      f);
	fprintf(f, "<rect class=\"page\" x=\"1\" y=\"1\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n",
		SVG_WIDTH - 2, height - 2);
	fwrite(body_text, 1, body_size, f);
	fputs("</svg>\n", f);
	fclose(f);
	free(body_text);
	return text;
}

void svg_box(double x, double y, double w, double h, const char *style, const char *tip)
{
	fprintf(body, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"rx=\"%d\"", style, x, y, w, h, w < 8 || h < 8 ? 1 : h < 24 ? 3 : 5);
	if (tip) {
		fputs("><title>", body);
		write_escaped(body, tip);
		fputs("</title></rect>\n", body);
	} else {
		fputs("/>\n", body);
	}
}

void svg_line(double x1, double y1, double x2, double y2)
{
	fprintf(body, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1, y1, x2, y2);
}

void svg_text_up(double x, double y, const char *style, const char *text)
{
	fprintf(body, "<text x=\"%.1f\" y=\"%.1f\" transform=\"rotate(-90 %.1f %.1f)\" text-anchor=\"middle\" "
		"class=\"%s\">", x, y, x, y, style);
	write_escaped(body, text);
	fputs("</text>\n", body);
}

void svg_text(double x, double y, enum anchor anchor, const char *style, const char *format, ...)
{
	static const char *const anchors[] = { "", " text-anchor=\"middle\"",
					       " text-anchor=\"end\"" };
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(body, "<text x=\"%.1f\" y=\"%.1f\"%s", x, y, anchors[anchor]);
	if (style[0])
		fprintf(body, " class=\"%s\"", style);
	fputc('>', body);
	write_escaped(body, text);
	fputs("</text>\n", body);
}

double svg_text_width(size_t letters, double font_size)
{
	return letters * font_size * 0.6;
}
