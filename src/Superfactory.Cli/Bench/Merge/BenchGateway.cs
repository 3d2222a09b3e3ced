using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Wan;
using Superfactory.Wan.Security;
using Superfactory.Wan.Transport;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What a gateway under measurement is told at its start. Immutable.</summary>
internal sealed record BenchGatewayConfiguration
{
    /// <summary>Its site.</summary>
    public required string Site { get; init; }

    /// <summary>Where it listens.</summary>
    public required string Listen { get; init; }

    /// <summary>The Unix socket for its bridge.</summary>
    public required string Socket { get; init; }

    /// <summary>The other gateways.</summary>
    public required ImmutableArray<PeerGateway> Peers { get; init; }

    /// <summary>Its certificate, key and authority.</summary>
    public required CertificateFiles Certificates { get; init; }
}

/// <summary>
/// <c>superfactory bench-gateway</c>: a gateway by itself, set up as a site's agent sets it up; no user calls it. It answers each line of
/// its input by the reports of its links on one line.
/// </summary>
internal static class BenchGateway
{
    /// <summary>The command's name.</summary>
    public const string Name = "bench-gateway";

    /// <summary>What it says when bridges can connect.</summary>
    public const string Ready = "ready";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var configuration = new Option<string>("--config") { Description = "The gateway's configuration.", HelpName = "FILE", Required = true };
        var command = new Command(Name, "Run a gateway under measurement (internal).") { configuration };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(configuration), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string file, CancellationToken cancellation)
    {
        SocketThreads.GoOnAtOnce();
        var configuration = JsonSerializer.Deserialize<BenchGatewayConfiguration>(await File.ReadAllBytesAsync(file, cancellation), FactoryJson.Options)!;
        var security = TlsLinkSecurity.Open(configuration.Certificates, configuration.Site, TimeProvider.System, Console.Error.WriteLine);
        if (!security.Succeeded)
        {
            return Fail(security.Problems[0]);
        }

        await using var gateway = new Gateway(new GatewayOptions
        {
            Site = configuration.Site,
            Listen = configuration.Listen,
            SocketPath = configuration.Socket,
            Security = security.Value,
            Notice = static notice => Console.Error.WriteLine(notice.Text),
        });
        if (await gateway.StartAsync(cancellation) is { } problem)
        {
            return Fail(problem);
        }

        gateway.SetPeers(configuration.Peers);
        Console.WriteLine(Ready);
        await AnswerAsync(gateway, cancellation);
        return ExitCode.Done;
    }

    /// <summary>Reports until it is told to end, by a signal or by the end of its input.</summary>
    private static async Task AnswerAsync(Gateway gateway, CancellationToken cancellation)
    {
        try
        {
            // A line that is waited for holds a thread; the console's reader knows no cancellation.
            while (await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellation) is not null)
            {
                Console.WriteLine(JsonSerializer.Serialize(gateway.LinkReports(), FactoryJson.Options));
            }
        }
        catch (OperationCanceledException)
        {
            // Told to end.
            return;
        }
    }

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine(problem);
        return ExitCode.CannotReach;
    }
}
