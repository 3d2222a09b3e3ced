using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Gangs;
using Superfactory.Site.Gateways;

namespace Superfactory.Site.Tests.Support;

/// <summary>The entry point: the tests, or one of the processes that they start, as the superfactory program would be.</summary>
internal static class TestProgram
{
    public static Task<int> Main(string[] arguments) => arguments switch
    {
        ["gang", "--spec", var file] => GangProgram.RunAsync(file, CancellationToken.None),
        ["gateway", "--config", var file] => GatewayProgram.RunAsync(file, CancellationToken.None),
        ["bridge", "--config", var file] => ScriptedBridge.RunAsync(file),
        ["site", var options] => SiteAgent.RunAsync(JsonSerializer.Deserialize<SiteOptions>(options, FactoryJson.Options)!, CancellationToken.None),
        _ => Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments),
    };
}
