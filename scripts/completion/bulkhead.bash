# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of the host command `bulkhead` for bash: source this file, or put it into
# ~/.local/share/bash-completion/completions/bulkhead.

_bulkhead() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} common="--image --images -i --core --load --assume-h --memory --help" options i
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W \
			"check plan dtb map drivers doctor new diff images pack flash --help --version" -- "$cur"))
		return
	fi
	case $prev in
	--images)
		COMPREPLY=($(compgen -d -- "$cur"))
		return;;
	--image|--core|-o|--output|-i)
		COMPREPLY=($(compgen -f -- "$cur"))
		return;;
	--load|--memory)
		return;;
	esac
	case $command in
	check|plan|diff|drivers) options="$common --json";;
	dtb) options="$common --output -o --dts";;
	map) options="$common --output -o";;
	doctor) options="--assume-h --memory --help";;
	new) options="--assume-h --memory --output -o --help";;
	images) options="--help";;
	pack) options="-i --output -o --force --help";;
	flash) options="--output -o --help";;
	*) return;;
	esac
	case $cur in
	-*)
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
		return;;
	esac
	# The third word of dtb and drivers is a guest of the configuration before it.
	if [[ $command == @(dtb|drivers) ]] && [ "$COMP_CWORD" -gt 3 ] && [[ $prev == *.dts && -r $prev ]]; then
		for i in "${COMP_WORDS[@]:2:COMP_CWORD-3}"; do
			case $i in
			*.dts|*.dtb|*/fdt)
				COMPREPLY=($(compgen -W \
					"$(sed -n 's/^[ \t]*\([a-z][a-z0-9-]*\)[ \t]*{.*/\1/p' "$prev")" -- "$cur"))
				return;;
			esac
		done
	fi
	COMPREPLY=($(compgen -d -S / -- "$cur") $(compgen -f -X '!*.@(dts|dtb|bin)' -- "$cur") \
		$(compgen -f -X '!*/fdt' -- "$cur"))
}

# Patterns as @(a|b) are used above.
shopt -s extglob
complete -o nospace -o filenames -F _bulkhead bulkhead
