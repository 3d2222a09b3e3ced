namespace Superfactory.Model.Jobs;

/// <summary>How the islands of a run merge.</summary>
public sealed record SyncSpecification
{
    /// <summary>What is merged, and when. Default <see cref="SyncMode.Diloco"/>.</summary>
    public SyncMode Mode { get; init; } = SyncMode.Diloco;

    /// <summary>
    /// Steps between merges of the same parameters in <see cref="SyncMode.Diloco"/> and <see cref="SyncMode.Streaming"/>; always 1 in
    /// <see cref="SyncMode.EveryStep"/>. Default 30.
    /// </summary>
    public int Every { get; init; } = 30;

    /// <summary>
    /// How contributions travel between islands. Default <see cref="NumberFormat.Bf16"/>, and <see cref="NumberFormat.E3m0"/> for streaming.
    /// </summary>
    public NumberFormat Format { get; init; } = NumberFormat.Bf16;

    /// <summary>How contributions travel in a round of a mode: a run that chooses by itself streams in 4 bits, as published, and merges by <see cref="Format"/> otherwise.</summary>
    /// <param name="mode">What the round merges.</param>
    public NumberFormat FormatIn(SyncMode mode) => Mode == SyncMode.Auto && mode == SyncMode.Streaming ? NumberFormat.E3m0 : Format;

    /// <summary>
    /// How the mean travels from a fragment's leader to the other islands of three or more; of two, each sums both contributions
    /// itself, and no mean travels. Default <see cref="NumberFormat.Bf16"/>.
    /// </summary>
    public NumberFormat ResultFormat { get; init; } = NumberFormat.Bf16;

    /// <summary>
    /// Whether what the number format rounds away is kept and added to what is encoded next, at the price of one number in single
    /// precision for each parameter. Default false.
    /// </summary>
    public bool ErrorFeedback { get; init; }

    /// <summary>The outer optimizer of <see cref="SyncMode.Diloco"/> and <see cref="SyncMode.Streaming"/>.</summary>
    public OuterOptimizerSpecification Outer { get; init; } = new();

    /// <summary>The share of the compute-only rate that <see cref="SyncMode.Auto"/> aims at. Over 0 and up to 1, default 0.98.</summary>
    public double Target { get; init; } = 0.98;

    /// <summary>
    /// Fragments that the parameters are cut into; 0 chooses by size and number of islands, and in <see cref="SyncMode.Streaming"/>, where
    /// each is merged by itself, by the layers of the model: one for three, as published.
    /// </summary>
    public int Fragments { get; init; }

    /// <summary>
    /// Whether training goes on in <see cref="SyncMode.Streaming"/> while a fragment is merged. Default true; otherwise the trainer waits
    /// for each merge, which shows what the overlap is worth.
    /// </summary>
    public bool Overlap { get; init; } = true;

    /// <summary>τ of <see cref="SyncMode.Streaming"/>: steps from the one at which a fragment is sent to the one at which its result is applied, at the earliest. Default 1, as published.</summary>
    public int Delay { get; init; } = 1;

    /// <summary>
    /// Steps after which a fragment's result must be applied in <see cref="SyncMode.Streaming"/>: a trainer that has taken them waits. At
    /// least <see cref="Delay"/>; at most the steps between two fragments. 0 takes <see cref="StalenessDefault"/>, or what of it these bounds allow.
    /// </summary>
    public int Staleness { get; init; }

    /// <summary>α of <see cref="SyncMode.Streaming"/>: the share of the trainer's own parameters in what it goes on with; the rest is the merged fragment. 0 up to, not including, 1; default 0.5.</summary>
    public double Mixing { get; init; } = 0.5;

    /// <summary>Steps up to which a late result costs no accuracy: the published advice is τ of at most 5.</summary>
    public const int StalenessDefault = 5;

    /// <summary>The staleness that holds with this many fragments: what the job says, or the default within its bounds.</summary>
    /// <param name="fragments">Fragments in streaming, at least 1.</param>
    public int StalenessFor(int fragments) =>
        !Overlap ? 0 : Staleness > 0 ? Staleness : Math.Max(Delay, Math.Min(StalenessDefault, Every / Math.Max(fragments, 1)));

    /// <summary>
    /// How many times the median of the last 16 accepted norms of a fragment, over all islands, the norm of a contribution may be; one over it is
    /// refused. 1 to 1,000,000, or 0 for any. Default 10.
    /// </summary>
    public double NormLimit { get; init; } = 10;

    /// <summary>
    /// Islands whose contributions suffice for a round to close, <see cref="Grace"/> after they are there, without those that are late. 1 to 64, at
    /// most the job's islands; 0 waits for all members. Not in <see cref="SyncMode.EveryStep"/>. Default 0.
    /// </summary>
    public int Quorum { get; init; }

    /// <summary>How long a round waits for late islands once <see cref="Quorum"/> have contributed, in seconds. 0 to 3,600; default 5.</summary>
    public double Grace { get; init; } = 5;

    /// <summary>What becomes of the global batch of <see cref="SyncMode.EveryStep"/> when an island is lost. Default <see cref="BatchPolicy.Keep"/>.</summary>
    public BatchPolicy Batch { get; init; }

    /// <summary>
    /// Seconds that a trainer may take no step before its island is out, until it steps again. 0 to 86,400; 0, the default, takes 10 of its median steps, at least
    /// 30 seconds.
    /// </summary>
    public int Stall { get; init; }

    /// <summary>What the run does when islands cannot hear each other although all reach the control plane. Default <see cref="PartitionPolicy.Continue"/>.</summary>
    public PartitionPolicy Partition { get; init; }
}

/// <summary>What is merged between islands, and when.</summary>
public enum SyncMode
{
    /// <summary>Gradients, every step: the semantics of data parallel.</summary>
    EveryStep,

    /// <summary>Outer gradients, every H steps (DiLoCo, arXiv 2311.08105).</summary>
    Diloco,

    /// <summary>Outer gradients, fragment by fragment, while training goes on (Streaming DiLoCo, arXiv 2501.18512).</summary>
    Streaming,

    /// <summary>The least stale of the others that keeps the trainers busy, chosen again as step time and link change.</summary>
    Auto,
}

/// <summary>How numbers are written on the wire; docs/formats.md says it to the bit.</summary>
public enum NumberFormat
{
    /// <summary>IEEE 754 single precision: exact.</summary>
    Fp32,

    /// <summary>The upper half of single precision, rounded to nearest, ties to even.</summary>
    Bf16,

    /// <summary>8.25 bits a number: blocks of 64 whole numbers of 8 bits with one bf16 scale.</summary>
#pragma warning disable CA1720 // The word of the job file, and what the format is called everywhere.
    Int8,
#pragma warning restore CA1720

    /// <summary>4.25 bits a number: blocks of 64 codes of a sign and a power of two with one bf16 scale (Streaming DiLoCo, arXiv 2501.18512).</summary>
    E3m0,
}

/// <summary>SGD with Nesterov momentum over outer gradients, as PyTorch writes it.</summary>
public sealed record OuterOptimizerSpecification
{
    /// <summary>The outer learning rate. Over 0 and up to 10, default 0.7.</summary>
    public double LearningRate { get; init; } = 0.7;

    /// <summary>The outer momentum. 0 up to, not including, 1; default 0.6.</summary>
    public double Momentum { get; init; } = 0.6;
}
