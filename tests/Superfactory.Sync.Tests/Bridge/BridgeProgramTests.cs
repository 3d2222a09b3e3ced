using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>The bridge as a program: its configuration, its streams, its exit codes.</summary>
public sealed class BridgeProgramTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly StringWriter _errors = new();
    private readonly MemoryStream _output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string ConfigPath => Path.Combine(_directory.FullName, "bridge.json");

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        _errors.Dispose();
        _output.Dispose();
    }

    [Fact]
    public void A_configuration_is_read_back_as_it_was_written()
    {
        var written = Configuration();
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(written, FactoryJson.Readable));

        var read = BridgeConfiguration.Load(ConfigPath).Value.ShouldNotBeNull();

        JsonSerializer.Serialize(read, FactoryJson.Options).ShouldBe(JsonSerializer.Serialize(written, FactoryJson.Options));
        read.Index.ShouldBe(1);
    }

    [Fact]
    public async Task Every_problem_of_a_configuration_is_said_and_the_exit_code_is_2()
    {
        var wrong = Configuration() with
        {
            Island = "phoenix",
            TrainerSocket = "/" + new string('s', BridgeConfiguration.SocketPathBytesMax),
            ArenaDirectory = "/nowhere",
        };
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(wrong, FactoryJson.Options));

        (await RunAsync(Stream.Null)).ShouldBe(2);

        var said = _errors.ToString();
        said.ShouldContain($"{ConfigPath}: island: Island 'phoenix' is none of the islands of epoch 1.");
        said.ShouldContain("trainer_socket: The socket path '/sss");
        said.ShouldContain("arena_directory: There is no directory '/nowhere'.");
        Said().ShouldHaveSingleItem().ShouldBeOfType<BridgeEvent.Failed>().Retriable.ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task A_file_that_is_no_configuration_is_named_and_the_exit_code_is_2(string text)
    {
        File.WriteAllText(ConfigPath, text);

        (await RunAsync(Stream.Null)).ShouldBe(2);

        _errors.ToString().ShouldStartWith(ConfigPath);
    }

    [Fact]
    public async Task A_bridge_without_a_gateway_ends_with_3_and_may_be_tried_again()
    {
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(Configuration(), FactoryJson.Options));

        (await RunAsync(Stream.Null)).ShouldBe(3);

        var failed = Said().ShouldHaveSingleItem().ShouldBeOfType<BridgeEvent.Failed>();
        failed.Retriable.ShouldBeTrue();
        failed.Reason.ShouldContain(Configuration().GatewaySocket);
    }

    [Fact]
    public async Task A_bridge_ends_with_0_when_its_input_ends()
    {
        await using var gateway = await GatewayAsync();
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(Configuration(), FactoryJson.Options));

        (await RunAsync(Stream.Null)).ShouldBe(0);

        Said().ShouldAllBe(happened => happened is BridgeEvent.Ready);
    }

    [Fact]
    public async Task A_command_that_cannot_be_read_ends_the_bridge_in_a_way_that_says_so()
    {
        await using var gateway = await GatewayAsync();
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(Configuration(), FactoryJson.Options));
        using var input = new MemoryStream("{\"type\":\"dance\"}\n"u8.ToArray());

        (await RunAsync(input)).ShouldBe(1);

        Said()[^1].ShouldBeOfType<BridgeEvent.Failed>().Reason.ShouldContain("A command cannot be read");
    }

    [Fact]
    public async Task A_bridge_that_is_cancelled_as_by_a_signal_unlinks_its_memory_and_ends_with_0()
    {
        await using var gateway = await GatewayAsync();
        var configuration = Configuration();
        File.WriteAllText(ConfigPath, JsonSerializer.Serialize(configuration, FactoryJson.Options));
        using var stopping = new CancellationTokenSource();
        var input = new Pipe();
        var output = new Pipe();
        var running = BridgeProgram.RunAsync(ConfigPath, input.Reader.AsStream(), output.Writer.AsStream(), _errors, stopping.Token);
        using var lines = new StreamReader(output.Reader.AsStream());
        (await lines.ReadLineAsync(Token).AsTask().WaitAsync(TrainerClient.Patience, Token)).ShouldBe("""{"type":"ready"}""");
        using var trainer = await TrainerClient.ConnectAsync(configuration.TrainerSocket);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 4));

        await stopping.CancelAsync();

        await trainer.ExpectAsync("failed");
        trainer.Dispose();
        (await running.WaitAsync(TrainerClient.Patience, Token)).ShouldBe(0);
        Directory.EnumerateFiles(_directory.FullName, "superfactory-*").ShouldBeEmpty();
    }

    private BridgeConfiguration Configuration() => new()
    {
        Job = 7,
        Island = "atlanta",
        Epoch = new RunEpoch { Number = 1, Members = [new RunMember("wisconsin", 1), new RunMember("atlanta", 2)] },
        Specification = BridgeHarness.Diloco(every: 2, steps: 4) with { Sites = ["wisconsin", "atlanta"] },
        TrainerSocket = Path.Combine(_directory.FullName, "trainer"),
        GatewaySocket = Path.Combine(_directory.FullName, "gateway"),
        ArenaDirectory = _directory.FullName,
        GangDirectory = _directory.FullName,
    };

    private async Task<Gateway> GatewayAsync()
    {
        var gateway = new Gateway(new GatewayOptions { Site = "atlanta", SocketPath = Configuration().GatewaySocket });
        (await gateway.StartAsync(Token)).ShouldBeNull();
        return gateway;
    }

    private Task<int> RunAsync(Stream input) =>
        BridgeProgram.RunAsync(ConfigPath, input, _output, _errors, Token).WaitAsync(TrainerClient.Patience, Token);

    private BridgeEvent[] Said() => [.. Encoding.UTF8.GetString(_output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonSerializer.Deserialize<BridgeEvent>(line, FactoryJson.Options)!)];
}
