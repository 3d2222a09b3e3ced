using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Links;

/// <summary><c>superfactory links</c>: how each link between sites is, and what it carries.</summary>
internal static class LinksCommand
{
    /// <summary>How often <c>--watch</c> asks: as often as everything is reported anew.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var watch = Settings.Switch("--watch", "Show them again every second until Ctrl-C.");
        var command = new Command("links", "Show each link between sites: rate, round trip, in flight, retransmitted, route.") { json, watch };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, client =>
            ShowAsync(terminal, client, parsed.GetValue(json), parsed.GetValue(watch), cancellation)));
        return command;
    }

    private static async Task<int> ShowAsync(Terminal terminal, ControlClient client, bool json, bool watch, CancellationToken cancellation)
    {
        while (true)
        {
            var answer = await client.LinksAsync(cancellation);
            if (watch && answer.Succeeded && terminal.IsInteractive)
            {
                // Home, and clear what is below: ECMA-48 CUP and ED.
                terminal.Output.Write("\u001b[H\u001b[J");
            }

            var exitCode = terminal.Show(answer, json, static links => LinksText.Lines(links));
            if (!watch || exitCode != ExitCode.Done)
            {
                return exitCode;
            }

            if (!terminal.IsInteractive && !json)
            {
                terminal.Line();
            }

            await Task.Delay(_pause, terminal.Time, cancellation);
        }
    }
}
