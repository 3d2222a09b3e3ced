using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies;
using Superfactory.Site.Tests.Data;
using Superfactory.Site.Tests.Support;
using Superfactory.Wan;
using Superfactory.Wan.Security;

namespace Superfactory.Site.Tests.Copies;

/// <summary>Copies between two sites with real gateways, encrypted, whose agents stop and start.</summary>
public sealed class CopyTableTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FleetAuthority _authority = FleetAuthority.Create(TimeProvider.System.GetUtcNow());
    private readonly Dictionary<string, (Gateway Gateway, CopyTable Table)> _sites = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copies_both_ways_go_over_encrypted_links_with_relative_paths_below_the_corpora()
    {
        Trees.Fill(_directory.Combine("wisconsin", "there"), seed: 1);
        Trees.Write(_directory.Combine("atlanta"), "back", Trees.Random(2, 3_000_000));
        await StartAsync("wisconsin");
        await StartAsync("atlanta");

        Apply(Copy(1, "wisconsin", "there", "atlanta", "there"), Copy(2, "atlanta", "back", "wisconsin", "here/"));

        await CompletedAsync(1, "atlanta");
        await CompletedAsync(2, "wisconsin");
        Trees.Describe(_directory.Combine("atlanta", "there")).ShouldBe(Trees.Describe(_directory.Combine("wisconsin", "there")));
        File.ReadAllBytes(_directory.Combine("wisconsin", "here", "back")).ShouldBeSameBytes(File.ReadAllBytes(_directory.Combine("atlanta", "back")));
        _sites["atlanta"].Gateway.LinkReports().ShouldHaveSingleItem().Encryption.ShouldBe("tls1.3");
    }

    [Fact]
    public async Task A_copy_goes_on_when_either_site_is_stopped_and_started_again()
    {
        Trees.Write(_directory.Combine("wisconsin"), "large", Trees.Random(3, 60_000_000));
        var copy = Copy(1, "wisconsin", "large", "atlanta", "large");
        foreach (var again in new[] { "wisconsin", "atlanta" })
        {
            await StartAsync("wisconsin");
            await StartAsync("atlanta");
            Apply(copy);
            await Patience.UntilAsync(() => Find("atlanta", 1) is { Phase: CopyPhase.Completed or CopyPhase.Running }, "the beginning of the copy");
            await StopAsync(again);
            await StartAsync(again);
            Apply(copy);
        }

        await CompletedAsync(1, "atlanta");
        File.ReadAllBytes(_directory.Combine("atlanta", "large")).ShouldBeSameBytes(File.ReadAllBytes(_directory.Combine("wisconsin", "large")));
    }

    [Fact]
    public async Task A_copy_within_a_site_works_too_and_one_that_is_no_longer_wanted_ends()
    {
        Trees.Write(_directory.Combine("wisconsin"), "a/b", "x"u8);
        await StartAsync("wisconsin");

        Apply(Copy(1, "wisconsin", "a", "wisconsin", "c"), Copy(2, "wisconsin", "a", "nowhere", "c"));
        await CompletedAsync(1, "wisconsin");
        Find("wisconsin", 2, CopyRole.Source)!.Phase.ShouldBe(CopyPhase.Waiting);
        Apply();

        _sites["wisconsin"].Table.Reports().ShouldBeEmpty();
        File.ReadAllText(_directory.Combine("wisconsin", "c", "b")).ShouldBe("x");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites.Keys.ToList())
        {
            await StopAsync(site);
        }

        _authority.Dispose();
        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            var locked = _directory.Combine(site, "there", "empty");
            if (!OperatingSystem.IsWindows() && Directory.Exists(locked))
            {
                File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        _directory.Dispose();
    }

    private static CopyAssignment[] Copy(long id, string from, string source, string to, string destination)
    {
        CopyAssignment Of(CopyRole role) => new() { Copy = id, Role = role, Source = new CopyPlace(from, source), Destination = new CopyPlace(to, destination) };
        return [Of(CopyRole.Source), Of(CopyRole.Destination)];
    }

    private void Apply(params CopyAssignment[][] copies)
    {
        foreach (var (site, (_, table)) in _sites)
        {
            table.Apply([.. copies.SelectMany(static copy => copy).Where(assignment => (assignment.Role == CopyRole.Source ? assignment.Source : assignment.Destination).Site == site)]);
        }
    }

    private CopyReport? Find(string site, long copy, CopyRole role = CopyRole.Destination)
        => _sites[site].Table.Reports().FirstOrDefault(report => report.Copy == copy && report.Role == role);

    private async Task CompletedAsync(long copy, string site)
    {
        await Patience.UntilAsync(() => Find(site, copy) is { Phase: CopyPhase.Completed or CopyPhase.Failed }, "the end of the copy");
        Find(site, copy)!.Reason.ShouldBeNull();
    }

    private async Task StartAsync(string site)
    {
        if (_sites.ContainsKey(site))
        {
            return;
        }

        var socket = _directory.Combine($"{site}.socket");
        var certificates = _authority.Issue(site, _directory.Combine("certificates"), TimeProvider.System.GetUtcNow()).Value!;
        var gateway = new Gateway(new GatewayOptions
        {
            Site = site,
            SocketPath = socket,
            Security = TlsLinkSecurity.Open(certificates, site, TimeProvider.System, static _ => { }).Value!,
        });
        (await gateway.StartAsync(Cancel)).ShouldBeNull();
        var data = Directory.CreateDirectory(_directory.Combine(site)).FullName;
        _sites[site] = (gateway, new CopyTable(new CopySite(site, socket, data, TimeProvider.System), static () => { }));
        foreach (var (name, (each, _)) in _sites)
        {
            each.SetPeers([.. _sites.Where(other => other.Key != name).Select(static other => new PeerGateway(other.Key, other.Value.Gateway.ListenEndpoint.ToString()))]);
        }
    }

    private async Task StopAsync(string site)
    {
        if (_sites.Remove(site, out var stopped))
        {
            await stopped.Table.StopAllAsync();
            await stopped.Gateway.DisposeAsync();
        }
    }
}
