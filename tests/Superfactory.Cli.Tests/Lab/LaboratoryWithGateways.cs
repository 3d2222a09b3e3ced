using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>A laboratory with a real gateway in each of its namespaces, encrypted; both end with it.</summary>
internal sealed class LaboratoryWithGateways : IAsyncDisposable
{
    /// <summary>Far longer than anything takes here on a machine busy with other tests.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, GatewayProcess> _gateways = [];
    private readonly string _name;
    private bool _isUp;

    private LaboratoryWithGateways(string name) => _name = name;

    /// <summary>The gateway of a site.</summary>
    public GatewayProcess this[string site] => _gateways[site];

    /// <summary>Builds the laboratory and starts its gateways; skips the test where it may not.</summary>
    public static async Task<LaboratoryWithGateways> StartAsync(string name, string topology, params string[] sites)
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        var laboratory = new LaboratoryWithGateways(name);
        try
        {
            await laboratory.StartAsync(topology, sites);
        }
        catch
        {
            await laboratory.DisposeAsync();
            throw;
        }

        return laboratory;
    }

    /// <summary>Connects an endpoint at a site.</summary>
    public Task<GatewayClient> ConnectAsync(string site, string name) =>
        GatewayClient.ConnectAsync(Socket(site), new EndpointAddress(site, name), TestContext.Current.CancellationToken);

    /// <summary>Runs a command of the laboratory.</summary>
    public async Task RunAsync(params string[] command)
    {
        var ran = await CommandProcess.RunAsync(["lab", command[0], "--lab", _name, .. command[1..]]);
        (ran.ExitCode, ran.Error).ShouldBe((0, string.Empty));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Values)
        {
            await gateway.DisposeAsync();
        }

        if (_isUp)
        {
            await RunAsync("down");
        }

        _directory.Dispose();
    }

    private async Task StartAsync(string topology, string[] sites)
    {
        await RunAsync("up", _directory.Write("topology.yaml", topology));
        _isUp = true;
        var laboratory = Laboratory.Open(_name).Value.ShouldNotBeNull();
        using var authority = FleetAuthority.Create(TimeProvider.System.GetUtcNow());
        authority.Save(_directory.Root).ShouldBeNull();
        foreach (var site in sites)
        {
            _gateways[site] = await GatewayProcess.StartAsync(_name, _directory.Combine($"{site}.json"), new BenchGatewayConfiguration
            {
                Site = site,
                Listen = $"{laboratory.AddressOf(site)}:7500",
                Socket = Socket(site),
                Peers = [.. sites.Where(other => other != site).Select(other => new PeerGateway(other, $"{laboratory.AddressOf(other)}:7500"))],
                Certificates = authority.Issue(site, _directory.Root, TimeProvider.System.GetUtcNow()).Value.ShouldNotBeNull(),
            });
        }
    }

    private string Socket(string site) => _directory.Combine($"{site}.socket");
}
