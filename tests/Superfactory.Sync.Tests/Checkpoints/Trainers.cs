using System.Text.Json.Nodes;
using Superfactory.Sync.Tests.Bridge;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>The trainers of all islands of a run: each moves its first number by one more than the one before it, every round.</summary>
internal sealed class Trainers : IDisposable
{
    private readonly BridgeHarness _bridges;

    private Trainers(BridgeHarness bridges, TrainerClient[] all) => (_bridges, All) = (bridges, all);

    public TrainerClient[] All { get; }

    public TrainerClient First => All[0];

    public JsonNode[] Begins { get; private set; } = [];

    /// <summary>The states that trainers were told to restore, in the islands' order.</summary>
    public List<string> States { get; } = [];

    public JsonNode[] Deals { get; private set; } = [];

    public static async Task<Trainers> JoinAsync(BridgeHarness bridges, bool declare = true)
    {
        var all = new TrainerClient[bridges.Islands.Length];
        for (var place = 0; place < all.Length; place++)
        {
            all[place] = await bridges.ConnectAsync(place);
            await all[place].HelloAsync();
            var streams = bridges.Job.Sync.Mode == Model.Jobs.SyncMode.Streaming;
            System.Text.Json.Nodes.JsonObject[] more = streams ? [TrainerClient.Parameter("v", 2)] : [];
            foreach (var tensor in more)
            {
                tensor["fragment"] = 1;
            }

            await all[place].RegisterAsync([TrainerClient.Parameter("w", 3), .. more, TrainerClient.Tensor("n", "uint8", "buffer", 2, 2)]);
            all[place].Write("local", 1, 2, 3);
        }

        var trainers = new Trainers(bridges, all) { Begins = await Task.WhenAll(all.Select(trainer => trainer.StartAsync())) };
        foreach (var begin in trainers.Begins.Where(begin => begin["state"] is not null))
        {
            trainers.States.Add(await File.ReadAllTextAsync((string)begin["state"]!));
        }

        if (declare)
        {
            // Batches of 4 and 2 in turn: two islands plan 6 samples a step.
            trainers.Deals = await Task.WhenAll(all.Select((trainer, place) => trainer.DataAsync(1000, place % 2 == 0 ? 4 : 2)));
        }

        return trainers;
    }

    public async Task TrainAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var place in Enumerable.Range(0, All.Length))
            {
                await SayMergeAsync(place);
            }

            await ExpectMergedAsync();
            if (!First.IsFinished && _bridges.Job.Sync.Mode == Model.Jobs.SyncMode.Diloco)
            {
                await SaveAsync();
            }
        }
    }

    public async Task SayMergeAsync(int place)
    {
        var trainer = All[place];
        var now = trainer.Round == 0 ? [1, 2, 3] : trainer.Read("merged", 3);
        trainer.Write("local", now[0] - place - 1, now[1], now[2]);
        await trainer.SayMergeAsync(100, 250);
    }

    public async Task ExpectMergedAsync()
    {
        foreach (var trainer in All)
        {
            await trainer.ExpectAsync("merged");
        }
    }

    /// <summary>Each trainer saves its own state, as the client does after a merge.</summary>
    public async Task SaveAsync()
    {
        foreach (var place in Enumerable.Range(0, All.Length))
        {
            var (trainer, path) = (All[place], $"{All[place].Arena["path"]}.state-{All[place].Round % 2}");
            await File.WriteAllTextAsync(path, $"state of {_bridges.Islands[place]}");
            await trainer.AskAsync(new() { ["type"] = "saved", ["round"] = trainer.Round, ["path"] = path }, "ok");
        }
    }

    /// <summary>A trainer is asked for a copy of its state, and gives it.</summary>
    public async Task CopyStateAsync(int place)
    {
        var state = $"state of {_bridges.Islands[place]}";
        await File.WriteAllTextAsync((string)(await All[place].ExpectAsync("copy_state"))["path"]!, state);
        await All[place].SendAsync(new JsonObject { ["type"] = "state_copied", ["bytes"] = state.Length }.ToJsonString());
    }

    public async Task FinishAsync()
    {
        await Task.WhenAll(All.Select(trainer => trainer.FinalizeAsync()));
        await Task.WhenAll(All.Select(trainer => trainer.FinishAsync(new string('a', 64))));
        Dispose();
    }

    public void Dispose()
    {
        foreach (var trainer in All)
        {
            trainer.Dispose();
        }
    }
}
