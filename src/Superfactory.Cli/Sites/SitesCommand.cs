using System.Collections.Immutable;
using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Sites;

/// <summary><c>superfactory sites</c>: lists the sites.</summary>
internal static class SitesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("sites", "List the sites and their links.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.SitesAsync(cancellation), parsed.GetValue(json), static sites => Lines(sites))));
        return command;
    }

    /// <summary>The sites as lines.</summary>
    internal static ImmutableArray<string> Lines(IReadOnlyList<SiteView> sites) => sites.Count == 0
        ? ["No site has joined. Start one with 'superfactory site --name NAME'."]
        : Table.Lines(
            ["SITE", "STATE", "HOST", "GATEWAY", "WAN", " SLOTS", "JOBS", "LINKS UP", " REFUSED"],
            sites.Select(static site => ImmutableArray.Create(
                site.Name,
                site.Connected ? "connected" : "lost",
                site.Host,
                site.Gateway,
                site.EmulatedWan ?? "real",
                $"{site.SlotsHeld}/{site.Slots}",
                site.Jobs.IsEmpty ? "–" : string.Join(',', site.Jobs),
                string.Join(',', site.Links.Where(static link => link.Connected).Select(static link => link.Peer)),
                $"{site.CallersRefused + site.Links.Sum(static link => link.FramesRefused)}")));
}
