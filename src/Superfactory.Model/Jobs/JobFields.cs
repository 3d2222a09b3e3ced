using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Superfactory.Model.Jobs;

/// <summary>The one table of everything that a job file may say; parsing, messages and <c>docs/job.md</c> follow it. Immutable.</summary>
public static class JobFields
{
    /// <summary>The default of a field that has none.</summary>
    internal const string Required = "required";

    private const string Absent = "–";
    private const int SitesMax = 64;

    /// <summary>All fields, in the order of the documentation.</summary>
    public static ImmutableArray<JobField> All { get; } =
    [
        new() { Path = "name", Kind = JobFieldKind.Name, Default = Required, Meaning = "What people call the job. Several jobs may have the same name." },
        Choice<JobKind>("kind", "pretrain", "What kind of work it is: `pretrain` trains a model from its initial state, `finetune` trains one further and needs a `command`."),
        new()
        {
            Path = "sites", Kind = JobFieldKind.Sites, Default = Required, Minimum = 1, Maximum = SitesMax,
            Meaning = "The sites that each run one island, in the order that decides leaders and sums; or how many, where any will do.",
        },
        new()
        {
            Path = "preferred_sites", Kind = JobFieldKind.SiteNames, Default = "none", Minimum = 1, Maximum = SitesMax,
            Meaning = "Where `sites` is a count: the sites that are taken first where they have room, the best first. Then come those to which the least has to be copied of the checkpoint that the job goes on from and of its corpus.",
        },
        Whole("islands_min", "0", 0, SitesMax, "islands", "The fewest islands that the job starts and goes on with: the others come and go with the room that there is. 0 for all of `sites`."),
        Whole("accelerators", "1", 1, 1_000_000, "accelerators", "Accelerators, or slots of processors, that each island takes at its site."),
        Whole("accelerators_min", "0", 0, 1_000_000, "accelerators", "The fewest that an island starts and goes on with: each has as many as there is room for, at most `accelerators`, and starts again when that changes. 0 for all of `accelerators`."),
        new()
        {
            Path = "hardware", Kind = JobFieldKind.Hardware, Choices = Fleet.HardwareCatalogue.Names, Default = "cpu",
            Meaning = "The kinds of hardware that the islands may run on, the best first; `any` is any but `cpu`. All islands get the same kind. A site has other kinds than `cpu` where an applied fleet file says so.",
        },
        Choice<Fleet.Within>("within", "site", "What all accelerators of an island must share. Only sites that the fleet places promise a `rack`, `row` or `floor`."),
        Choice<JobPlacement>("placement", "pack", "Which of the racks and nodes with room an island gets: `pack` the fullest, so that whole ones stay free for others, `spread` the emptiest, at the site with the most room."),
        Whole("memory", "0", 0, 1_000_000, "GB", "The memory that each accelerator must have: kinds of `hardware` with less are not taken."),
        Over("peak", "1", 0, 1, "The share of their accelerators' peak power that the islands may draw, as power is counted."),
        Whole("count", "1", 1, JobSpecification.ElementsMax, "jobs", "How many such jobs are submitted at once, the elements of an array: each is a job of its own, element i with `seed` + i, and finds i and `count` in the environment."),
        new() { Path = "queue", Kind = JobFieldKind.Name, Default = "default", Meaning = "The queue that the job waits in and is charged to; `superfactory fleet apply` makes queues." },
        Whole("priority", "0", 0, 1000, null, "The greater goes first in its queue, and running jobs of a lower one of its queue save and give way to it."),
        Whole("minimum_run", "0", 0, 86_400, "seconds", "How long the job runs, once it runs, before it may have to give way."),
        Whole("restart_cost", "30", 0, 86_400, "seconds", "What stopping the job is counted to cost, beside its work since the last checkpoint: saving, ending and starting again. Those that lose less give way before it, and who has to leave by a time is told so long before."),
        Whole("duration", "0", 0, 31_536_000, "seconds", "How long the job is expected to run in all, 0 where nobody knows: what others may be promised for when it has ended. A job that was let start ahead of a promised start, and runs longer, saves and stops in time for it."),
        Whole("start_after", "0", 0, 31_536_000, "seconds", "How long after its submission the job starts at the earliest."),
        Whole("deadline", "0", 0, 31_536_000, "seconds", "How long after its submission the job is wanted to have ended, 0 for any time: `superfactory why` and `plan` say where it is expected to end later."),
        Whole("start_timeout", "300", 1, 86_400, "seconds", "How long the islands may take to start; then all are released, and the job is placed anew after a pause."),
        Whole("replace_within", "600", 0, 86_400, "seconds", "How long the run goes on with fewer islands than `islands_min` while a replacement is sought; then it saves and is placed anew. 0 for any time."),

        Section("trainer", "The ready trainer. Either `trainer` or `command` is given."),
        new() { Path = "trainer.recipe", Kind = JobFieldKind.Choice, Choices = ["pretrain"], Default = Required, Meaning = "Which trainer: `pretrain` is `python/recipes/pretrain.py`." },
        Section("trainer.model", "The shape of the model, a decoder-only transformer."),
        Whole("trainer.model.layers", "4", 1, 1000, "layers", "Transformer layers."),
        Whole("trainer.model.hidden", "128", 2, 65_536, "elements", "The width of the residual stream: a multiple of `heads`, and an even number of elements for each."),
        Whole("trainer.model.heads", "4", 1, 1024, "heads", "Attention heads."),
        Whole("trainer.model.context", "128", 1, 1_048_576, "tokens", "Tokens in a sample."),
        Whole("trainer.model.intermediate", "0", 0, 1_048_576, "elements", "The width inside the feed-forward part; 0 takes 8/3 of `hidden`, rounded up to a multiple of 32."),
        Whole("trainer.batch", "16", 1, 1_000_000, "samples", "Samples of each step of each island."),
        Over("trainer.learning_rate", "2e-3", 0, 10, "The peak learning rate of AdamW."),
        From("trainer.warmup", "0.05", 0, 1, "The share of the run over which the learning rate rises from 0."),
        From("trainer.final_learning_rate", "0.05", 0, 1, "The learning rate at the end, as a share of the peak."),
        From("trainer.weight_decay", "0.1", 0, 10, "The decoupled weight decay of AdamW."),
        Over("trainer.clip", "1", 0, 1_000_000, "The largest global L2 norm of the gradient; a larger gradient is scaled down to it."),
        Whole("trainer.validation_samples", "64", 1, 1_000_000, "samples", "Samples that the validation loss is taken over."),

        new()
        {
            Path = "command", Kind = JobFieldKind.Command, Default = Absent, Minimum = 1, Maximum = 1000,
            Meaning = "A program of your own and its arguments, started for each process of an island. Either `trainer` or `command` is given.",
        },
        new()
        {
            Path = "directory", Kind = JobFieldKind.Folder, Default = "the job file's folder",
            Meaning = "The folder that a `command` starts in, the same path at every site.",
        },
        new()
        {
            Path = "environment", Kind = JobFieldKind.Variables, Default = "none", Minimum = 0, Maximum = 1000,
            Meaning = "Environment variables that every trainer process gets in addition.",
        },

        Section("data", "The data. Needed by the recipe `pretrain`; a `command` may bring its own."),
        new() { Path = "data.corpus", Kind = JobFieldKind.Name, Default = Required, Meaning = "The corpus, as `superfactory data prepare` named it at each site." },

        Section("sync", "How the islands merge."),
        Choice<SyncMode>("sync.mode", "diloco", "What is merged, and when: `every-step` merges gradients every step, `diloco` merges outer gradients every `every` steps, `streaming` does so fragment by fragment while training goes on, `auto` chooses among these by what it measures."),
        Whole("sync.every", "30; 1 in every-step", 1, 1_000_000, "steps", "Steps between merges of the same parameters; nothing but 1 in `every-step`."),
        Choice<NumberFormat>("sync.format", "bf16; e3m0 in streaming", "How contributions are written on the wire between sites; `docs/formats.md` describes each format."),
        Choice<NumberFormat>("sync.result_format", "bf16", "How the mean is written on the wire where three or more sites merge; two send each other nothing but contributions."),
        Flag("sync.error_feedback", "false", "Whether what a format rounds away is kept and added to what is sent next, at four bytes of memory a parameter."),
        Over("sync.target", "0.98", 0, 1, "The share of the compute-only rate that `auto` aims at; only in `auto`."),
        Section("sync.outer", "The outer optimizer, SGD with Nesterov momentum; not in `every-step`."),
        Over("sync.outer.learning_rate", "0.7", 0, 10, "The outer learning rate."),
        From("sync.outer.momentum", "0.6", 0, 1, "The outer momentum.") with { UnderMaximum = true },
        Whole("sync.fragments", "0", 0, 10_000, "fragments", "Fragments that the parameters are cut into; 0 chooses by size and number of islands, in `streaming` one for three layers. In `streaming` at most `every`."),
        Flag("sync.overlap", "true", "Whether training goes on while a fragment is merged; only in `streaming`. Otherwise the trainer waits, which shows what the overlap is worth."),
        Whole("sync.delay", "1", 1, 1000, "steps", "τ of `streaming`: steps from sending a fragment to applying its result, at the earliest."),
        Whole("sync.staleness", "0", 0, 1000, "steps", "Steps after which a trainer waits for a fragment's result in `streaming`: at least `delay`, at most `every` ÷ `fragments`; 0 takes 5, or what of it these bounds allow."),
        From("sync.mixing", "0.5", 0, 1, "α of `streaming`: the share of the trainer's own parameters in what it goes on with; the rest is the merged fragment.") with { UnderMaximum = true },
        Whole("sync.quorum", "0", 0, 64, "islands", "Islands whose contributions suffice for a round to close without those that are late; 0 waits for all, as `every-step` must."),
        From("sync.grace", "5", 0, 3600, "How long a round waits for late islands once `quorum` have contributed.") with { Unit = "seconds" },
        From("sync.norm_limit", "10", 0, 1_000_000, "How many times the median of the last 16 accepted norms of a fragment a contribution's norm may be; one over it is refused. At least 1, or 0 for any."),
        Choice<BatchPolicy>("sync.batch", "keep", "What becomes of the global batch when an island is lost, in `every-step` alone: `keep` lets the others take more batches in each step and accumulate their gradients, `shrink` goes on with a smaller one."),
        Whole("sync.stall", "0", 0, 86_400, "seconds", "How long a trainer may take no step before the others go on without its island, until it steps again; 0 takes 10 of its median steps, at least 30 seconds."),
        Choice<PartitionPolicy>("sync.partition", "continue", "What the run does when islands cannot hear each other although all reach the control plane: `continue` goes on with the largest set that do, `wait` waits."),

        Section("wan", "What is reserved between each two of the job's islands, each way, on named routes, before it starts. Absent for nothing: the merges then take what there is."),
        new() { Path = "wan.rate", Kind = JobFieldKind.Rate, Default = "computed", Meaning = "The sustained rate from each island to each other one. Where it is absent it is computed at submission: the least at which the job's mode is predicted to keep its share of the compute-only rate." },
        From("wan.parameters", Absent, 0.001, 100_000_000, "The parameters that are merged, of 4 bytes each before they are written for the wire.") with { Unit = "millions" },
        From("wan.step", Absent, 0.001, 3600, "A step of the slowest island without any merge.") with { Unit = "seconds" },

        new() { Path = "budget", Kind = JobFieldKind.Section, Default = Required, Meaning = "When the job is done. Either `steps` or `samples` is given." },
        Whole("budget.steps", Absent, 1, 1_000_000_000, "steps", "Steps of each island, with all its islands: steps × batch × islands samples are planned."),
        Whole("budget.samples", Absent, 1, 1e15, "samples", "Samples over all islands, said directly."),

        Section("checkpoint", "How often the run's state is saved while it trains, and how much of it is kept."),
        Whole("checkpoint.every", "60", 0, 86_400, "seconds", "Time between checkpoints; 0 writes none, and none at the end."),
        Whole("checkpoint.keep", "3", 1, 1000, "checkpoints", "How many are kept, the newest."),
        Whole("checkpoint.keep_for", "7", 1, 3650, "days", "After which they go as well; the newest of a job that has not ended stays."),
        Whole("checkpoint.copies", "2", 1, 16, "sites", "Sites that the newest is to lie at; where there are fewer sites, at all of them."),

        Section("island", "The processes of one island."),
        Whole("island.processes", "1", 1, 64, "processes", "Trainer processes, started with torchrun's environment."),
        Whole("island.threads", "0", 0, 1024, "threads", "Threads of each process; 0 shares the site's cores evenly."),

        Section("lanes", "The lanes that the model is merged in, where some islands have it in parts; only in `diloco`."),
        new()
        {
            Path = "lanes.tensors", Kind = JobFieldKind.Texts, Default = Required, Minimum = 2, Maximum = 64,
            Meaning = "Which tensors each lane has: for each a text with patterns of their names, apart by blanks, in which `*` stands for anything. A tensor is of the first lane with a pattern that fits.",
        },
        new()
        {
            Path = "lanes.apart", Kind = JobFieldKind.Texts, Default = "none", Minimum = 1, Maximum = SitesMax,
            Meaning = "Sites whose islands run a process for each lane, the first of rank 0; the others run one process that has all lanes.",
        },

        new()
        {
            Path = "roles", Kind = JobFieldKind.Roles, Default = "none", Minimum = 1, Maximum = RoleSpecification.RolesMax,
            Meaning = "Gangs of other shapes, by the names of their roles, that start together with the job's islands or not at all. They merge nothing.",
        },
        Whole("roles.*.count", "1", 1, RoleSpecification.GangsMax, "gangs", "Gangs of the role; each goes to one site, several to the same where it has room."),
        Whole("roles.*.accelerators", "1", 1, 1_000_000, "accelerators", "Accelerators, or slots of processors, that each gang takes."),
        new() { Path = "roles.*.hardware", Kind = JobFieldKind.Choice, Choices = Fleet.HardwareCatalogue.Names, Default = "cpu", Meaning = "The kind of hardware that its gangs run on." },
        Choice<Fleet.Within>("roles.*.within", "site", "What all accelerators of a gang must share."),
        Choice<JobPlacement>("roles.*.placement", "pack", "Which of the racks and nodes with room its gangs get: `pack` the fullest, `spread` the emptiest, each gang another where these are as empty."),
        new() { Path = "roles.*.preferred_sites", Kind = JobFieldKind.SiteNames, Default = "none", Minimum = 1, Maximum = SitesMax, Meaning = "The sites that its gangs take first where they have room, the best first." },
        Over("roles.*.peak", "1", 0, 1, "The share of their accelerators' peak power that its gangs may draw, as power is counted."),
        new() { Path = "roles.*.command", Kind = JobFieldKind.Command, Default = Required, Minimum = 1, Maximum = 1000, Meaning = "The program of its gangs and its arguments, started for each process of a gang, in the job's `directory`." },
        new() { Path = "roles.*.environment", Kind = JobFieldKind.Variables, Default = "none", Minimum = 0, Maximum = 1000, Meaning = "Environment variables that every process of its gangs gets in addition." },
        Whole("roles.*.processes", "1", 1, 64, "processes", "Processes of each gang, started with torchrun's environment."),

        Whole("seed", "1", 0, int.MaxValue, null, "The seed of the initial model and of the order of the data."),
        Whole("trainer_restarts_max", "3", 0, 100, "restarts", "How often a crashed trainer is started again at each island before the job fails."),
    ];

    /// <summary>All fields by path.</summary>
    internal static FrozenDictionary<string, JobField> ByPath { get; } = All.ToFrozenDictionary(field => field.Path, StringComparer.Ordinal);

    /// <summary>The words of an enumeration, in its order.</summary>
    internal static ImmutableArray<string> Words<T>()
        where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName)];

    private static JobField Section(string path, string meaning) =>
        new() { Path = path, Kind = JobFieldKind.Section, Default = Absent, Meaning = meaning };

    private static JobField Choice<T>(string path, string fallback, string meaning)
        where T : struct, Enum =>
        new() { Path = path, Kind = JobFieldKind.Choice, Choices = Words<T>(), Default = fallback, Meaning = meaning };

    private static JobField Flag(string path, string fallback, string meaning) =>
        new() { Path = path, Kind = JobFieldKind.Flag, Choices = ["true", "false"], Default = fallback, Meaning = meaning };

    private static JobField Whole(string path, string fallback, double minimum, double maximum, string? unit, string meaning) =>
        new() { Path = path, Kind = JobFieldKind.Whole, Default = fallback, Minimum = minimum, Maximum = maximum, Unit = unit, Meaning = meaning };

    private static JobField From(string path, string fallback, double minimum, double maximum, string meaning) =>
        new() { Path = path, Kind = JobFieldKind.Number, Default = fallback, Minimum = minimum, Maximum = maximum, Meaning = meaning };

    private static JobField Over(string path, string fallback, double minimum, double maximum, string meaning) =>
        From(path, fallback, minimum, maximum, meaning) with { OverMinimum = true };
}
