/** What each shell runs at Tab: it asks `turnpike complete` anew each time. Where nothing is offered it completes names of files. */
const BASH = `_turnpike() {
  local IFS=$'\\n'
  COMPREPLY=($(turnpike complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _turnpike turnpike
`

const ZSH = `#compdef turnpike
_turnpike() {
  local -a offered
  offered=(\${(f)"$(turnpike complete -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)"})
  if (( \${#offered} )); then
    compadd -- "\${offered[@]}"
  else
    _files
  fi
}
if (( ! \${+functions[compdef]} )); then
  autoload -Uz compinit
  compinit
fi
compdef _turnpike turnpike
`

const FISH = `function __turnpike_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l typed (commandline -ct)
    turnpike complete -- $words "$typed" 2>/dev/null
end
complete -c turnpike -f -a '(__turnpike_complete)'
complete -c turnpike -n 'not count (__turnpike_complete) >/dev/null' -F
`

/** Older ones drop an empty argument on its way to a program, hence \`--typed=\`. */
const POWERSHELL = `Register-ArgumentCompleter -Native -CommandName turnpike -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    turnpike complete "--typed=$wordToComplete" -- @before 2>$null | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`

export const completionScripts = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL } as const
